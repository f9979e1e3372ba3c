/* Guardian's compatibility library: what programs for POSIX call and WASI preview 1 lacks. A call that WASI cannot serve fails as it may fail
   on other systems (ENOSYS, ECHILD, ENOTTY), so a program that checks errors says what it cannot do. A call without meaning for a program
   that is alone with its own files succeeds and changes nothing: owners, permissions, locks. The table of docs/how-to/build-programs.md lists them. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <malloc.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum { user = 1000 };

static int missing(int error)
{
    errno = error;
    return -1;
}

__attribute__((weak)) char *tzname[2] = {"UTC", "UTC"};
__attribute__((weak)) long timezone;
__attribute__((weak)) int daylight;

static int exists(const char *path) { struct stat found; return stat(path, &found); }
static int is_open(int descriptor) { struct stat found; return fstat(descriptor, &found); }

static struct passwd *me(void)
{
    static struct passwd found;
    char *home = getenv("HOME");
    found = (struct passwd){.pw_name = "user", .pw_passwd = "", .pw_gecos = "", .pw_dir = home ? home : "/", .pw_shell = "/bin/sh",
        .pw_uid = user, .pw_gid = user};
    return &found;
}

static struct group *ours(void)
{
    static char *members[] = {"user", NULL};
    static struct group found = {.gr_name = "user", .gr_passwd = "", .gr_gid = user, .gr_mem = members};
    return &found;
}

static char *fill(char *pattern)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz012345";
    size_t size = strlen(pattern);
    unsigned char random[6];
    if (size < sizeof random || strcmp(pattern + size - sizeof random, "XXXXXX") != 0) {
        errno = EINVAL;
        return NULL;
    }
    if (getentropy(random, sizeof random) != 0)
        return NULL;
    for (size_t i = 0; i < sizeof random; i++)
        pattern[size - sizeof random + i] = letters[random[i] % 32];
    return pattern + size - sizeof random;
}

static int make(char *pattern, int is_folder)
{
    for (int tries = 0; tries < 100; tries++) {
        char *end = fill(pattern);
        if (!end)
            return -1;
        int made = is_folder ? mkdir(pattern, 0700) : open(pattern, O_RDWR | O_CREAT | O_EXCL, 0600);
        if (made >= 0 || errno != EEXIST)
            return made;
        memset(end, 'X', 6);
    }
    return missing(EEXIST);
}

static const char *temporary_folder(void)
{
    struct stat found;
    const char *named = getenv("TMPDIR");
    return named && *named ? named : stat("/tmp", &found) == 0 ? "/tmp" : ".";
}

/* A program that has a function of such a name itself keeps its own. */
#pragma clang attribute push(__attribute__((weak)), apply_to = function)

/* Processes: there is one. */
int system(const char *command) { return command ? missing(ENOSYS) : 0; }
FILE *popen(const char *command, const char *type) { (void)command; (void)type; errno = ENOSYS; return NULL; }
int pclose(FILE *stream) { (void)stream; return missing(ECHILD); }
pid_t fork(void) { return missing(ENOSYS); }
pid_t vfork(void) { return missing(ENOSYS); }
pid_t wait(int *status) { (void)status; return missing(ECHILD); }
pid_t waitpid(pid_t process, int *status, int options) { (void)process; (void)status; (void)options; return missing(ECHILD); }
int pipe(int ends[2]) { (void)ends; return missing(ENOSYS); }
int execv(const char *path, char *const arguments[]) { (void)path; (void)arguments; return missing(ENOSYS); }
int execvp(const char *path, char *const arguments[]) { (void)path; (void)arguments; return missing(ENOSYS); }
int execve(const char *path, char *const arguments[], char *const environment[])
{
    (void)path; (void)arguments; (void)environment;
    return missing(ENOSYS);
}
int execl(const char *path, const char *argument, ...) { (void)path; (void)argument; return missing(ENOSYS); }
int execlp(const char *path, const char *argument, ...) { (void)path; (void)argument; return missing(ENOSYS); }
pid_t getppid(void) { return 1; }

/* Signals: a program raises its own (wasi-emulated-signal), and no other arrives. */
int sigaction(int number, const struct sigaction *action, struct sigaction *former)
{
    void (*old)(int) = signal(number, action && !(action->sa_flags & SA_SIGINFO) ? action->sa_handler : SIG_DFL);
    if (old == SIG_ERR)
        return -1;
    if (!action || (action->sa_flags & SA_SIGINFO))
        signal(number, old);
    if (former) {
        memset(former, 0, sizeof *former);
        former->sa_handler = old;
    }
    return 0;
}
int sigprocmask(int how, const sigset_t *set, sigset_t *former)
{
    (void)how; (void)set;
    if (former)
        memset(former, 0, sizeof *former);
    return 0;
}
int sigemptyset(sigset_t *set) { memset(set, 0, sizeof *set); return 0; }
int sigfillset(sigset_t *set) { memset(set, 0xff, sizeof *set); return 0; }
int sigaddset(sigset_t *set, int number) { (void)set; (void)number; return 0; }
int sigdelset(sigset_t *set, int number) { (void)set; (void)number; return 0; }
int sigismember(const sigset_t *set, int number) { (void)set; (void)number; return 0; }
int kill(pid_t process, int number) { return process == getpid() ? number ? raise(number) : 0 : missing(ESRCH); }
unsigned int alarm(unsigned int seconds) { (void)seconds; return 0; }

/* Users, groups, permissions: one user owns everything, and nothing is forbidden to it. */
uid_t getuid(void) { return user; }
uid_t geteuid(void) { return user; }
gid_t getgid(void) { return user; }
gid_t getegid(void) { return user; }
int setuid(uid_t number) { return number == user ? 0 : missing(EPERM); }
int seteuid(uid_t number) { return setuid(number); }
int setgid(gid_t number) { return number == user ? 0 : missing(EPERM); }
int setegid(gid_t number) { return setgid(number); }
int __wrap_chmod(const char *path, mode_t mode) { (void)mode; return exists(path); }
int __wrap_fchmod(int descriptor, mode_t mode) { (void)mode; return is_open(descriptor); }
int chown(const char *path, uid_t owner, gid_t group) { (void)owner; (void)group; return exists(path); }
int lchown(const char *path, uid_t owner, gid_t group) { struct stat found; (void)owner; (void)group; return lstat(path, &found); }
int fchown(int descriptor, uid_t owner, gid_t group) { (void)owner; (void)group; return is_open(descriptor); }
mode_t umask(mode_t mask) { (void)mask; return 022; }
struct passwd *getpwuid(uid_t number) { return number == user ? me() : NULL; }
struct passwd *getpwnam(const char *name) { return strcmp(name, "user") == 0 ? me() : NULL; }
struct passwd *getpwent(void) { return NULL; }
void setpwent(void) { }
void endpwent(void) { }
char *getlogin(void) { return "user"; }
struct group *getgrgid(gid_t number) { return number == user ? ours() : NULL; }
struct group *getgrnam(const char *name) { return strcmp(name, "user") == 0 ? ours() : NULL; }

/* Files. WASI has no second number for an open file, so dup fails. No other program has the files open, so locks succeed. */
int dup(int descriptor) { return is_open(descriptor) ? -1 : missing(ENOSYS); }
int dup2(int from, int to) { return is_open(from) ? -1 : from == to ? to : missing(ENOSYS); }
int flock(int descriptor, int operation) { (void)operation; return is_open(descriptor); }
/* The linker sends calls of fcntl here (--wrap), and the calls from here to the C library. */
int __real_fcntl(int descriptor, int command, ...);
int __wrap_fcntl(int descriptor, int command, ...)
{
    va_list arguments;
    va_start(arguments, command);
    void *argument = va_arg(arguments, void *);
    va_end(arguments);
    switch (command) {
    case F_GETLK:
        ((struct flock *)argument)->l_type = F_UNLCK;
        return is_open(descriptor);
    case F_SETLK:
    case F_SETLKW:
        return is_open(descriptor);
    default:
        return __real_fcntl(descriptor, command, argument);
    }
}
int memfd_create(const char *name, unsigned int flags) { (void)name; (void)flags; return missing(ENOSYS); }
int mkfifo(const char *path, mode_t mode) { (void)path; (void)mode; return missing(ENOSYS); }
void sync(void) { }
void flockfile(FILE *stream) { (void)stream; }
int ftrylockfile(FILE *stream) { (void)stream; return 0; }
void funlockfile(FILE *stream) { (void)stream; }
char *ttyname(int descriptor) { (void)descriptor; errno = ENOTTY; return NULL; }

int mkstemp(char *pattern) { return make(pattern, 0); }
char *mkdtemp(char *pattern) { return make(pattern, 1) == 0 ? pattern : NULL; }
char *mktemp(char *pattern)
{
    if (!fill(pattern))
        *pattern = 0;
    return pattern;
}
char *tmpnam(char *buffer)
{
    static char own[L_tmpnam];
    buffer = buffer ? buffer : own;
    snprintf(buffer, L_tmpnam, "%.12s/tmpXXXXXX", temporary_folder());
    return mktemp(buffer);
}
FILE *tmpfile(void)
{
    char path[4096];
    if (snprintf(path, sizeof path, "%s/tmpXXXXXX", temporary_folder()) >= (int)sizeof path)
        return NULL;
    int made = mkstemp(path);
    if (made < 0)
        return NULL;
    unlink(path);
    return fdopen(made, "w+");
}

/* Terminals: none. */
int tcgetattr(int descriptor, struct termios *attributes) { (void)descriptor; (void)attributes; return missing(ENOTTY); }
int tcsetattr(int descriptor, int when, const struct termios *attributes)
{
    (void)descriptor; (void)when; (void)attributes;
    return missing(ENOTTY);
}

/* Random bytes: getentropy gives at most 256 at once. */
ssize_t getrandom(void *bytes, size_t size, unsigned flags)
{
    (void)flags;
    for (size_t done = 0; done < size;) {
        size_t part = size - done < 256 ? size - done : 256;
        if (getentropy((char *)bytes + done, part) != 0)
            return missing(EIO);
        done += part;
    }
    return (ssize_t)size;
}

/* The clock shows UTC. */
void tzset(void) { }
int gethostname(char *name, size_t size)
{
    if (size < sizeof "localhost")
        return missing(ENAMETOOLONG);
    strcpy(name, "localhost");
    return 0;
}

/* The C library's own goes round a list of threads that has no end when there is one thread. The number of the key is not used again. */
int __wrap_pthread_key_delete(pthread_key_t key) { return pthread_setspecific(key, NULL); }

/* Dynamic loading: none. */
void *dlopen(const char *path, int mode) { (void)path; (void)mode; return NULL; }
void *dlsym(void *library, const char *name) { (void)library; (void)name; return NULL; }
int dlclose(void *library) { (void)library; return missing(ENOSYS); }
char *dlerror(void) { return "a confidential program loads no libraries"; }

#pragma clang attribute pop
