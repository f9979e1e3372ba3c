#ifndef GUARDIAN_UNISTD_H
#define GUARDIAN_UNISTD_H
#include_next <unistd.h>
#ifdef __cplusplus
extern "C" {
#endif
int getopt(int count, char *const arguments[], const char *options);
extern char *optarg;
extern int optind, opterr, optopt;
uid_t getuid(void);
uid_t geteuid(void);
gid_t getgid(void);
gid_t getegid(void);
int setuid(uid_t user);
int seteuid(uid_t user);
int setgid(gid_t group);
int setegid(gid_t group);
pid_t getppid(void);
int chown(const char *path, uid_t owner, gid_t group);
int fchown(int descriptor, uid_t owner, gid_t group);
int lchown(const char *path, uid_t owner, gid_t group);
int dup(int descriptor);
int dup2(int from, int to);
int pipe(int ends[2]);
pid_t fork(void);
pid_t vfork(void);
int execv(const char *path, char *const arguments[]);
int execvp(const char *path, char *const arguments[]);
int execve(const char *path, char *const arguments[], char *const environment[]);
int execl(const char *path, const char *argument, ...);
int execlp(const char *path, const char *argument, ...);
unsigned int alarm(unsigned int seconds);
int gethostname(char *name, size_t size);
char *ttyname(int descriptor);
char *getlogin(void);
void sync(void);
#ifdef __cplusplus
}
#endif
#endif
