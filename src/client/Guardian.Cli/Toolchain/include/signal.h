#ifndef GUARDIAN_SIGNAL_H
#define GUARDIAN_SIGNAL_H
#include_next <signal.h>
#include <sys/types.h>
#include <__typedef_sigset_t.h>
#ifdef __cplusplus
extern "C" {
#endif
#ifndef SA_NOCLDSTOP
#define SA_NOCLDSTOP 1
#define SA_NOCLDWAIT 2
#define SA_SIGINFO 4
#define SA_ONSTACK 0x08000000
#define SA_RESTART 0x10000000
#define SA_NODEFER 0x40000000
#define SA_RESETHAND 0x80000000
#endif
#define SIG_BLOCK 0
#define SIG_UNBLOCK 1
#define SIG_SETMASK 2
typedef struct {
    int si_signo, si_errno, si_code, si_status;
    pid_t si_pid;
    uid_t si_uid;
    void *si_addr;
} siginfo_t;
struct sigaction {
    union {
        void (*sa_handler)(int);
        void (*sa_sigaction)(int, siginfo_t *, void *);
    } __sa_handler;
    sigset_t sa_mask;
    int sa_flags;
};
#define sa_handler __sa_handler.sa_handler
#define sa_sigaction __sa_handler.sa_sigaction
int sigaction(int signal, const struct sigaction *action, struct sigaction *former);
int sigprocmask(int how, const sigset_t *set, sigset_t *former);
int sigemptyset(sigset_t *set);
int sigfillset(sigset_t *set);
int sigaddset(sigset_t *set, int signal);
int sigdelset(sigset_t *set, int signal);
int sigismember(const sigset_t *set, int signal);
int kill(pid_t process, int signal);
#ifdef __cplusplus
}
#endif
#endif
