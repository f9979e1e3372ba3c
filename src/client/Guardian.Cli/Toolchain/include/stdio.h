#ifndef GUARDIAN_STDIO_H
#define GUARDIAN_STDIO_H
#include_next <stdio.h>
#ifdef __cplusplus
extern "C" {
#endif
#define L_tmpnam 32
#define TMP_MAX 10000
#define P_tmpdir "/tmp"
FILE *popen(const char *command, const char *type);
int pclose(FILE *stream);
void flockfile(FILE *stream);
int ftrylockfile(FILE *stream);
void funlockfile(FILE *stream);
char *tmpnam(char *buffer);
FILE *tmpfile(void);
#ifdef __cplusplus
}
#endif
#endif
