#ifndef GUARDIAN_SYS_IOCTL_H
#define GUARDIAN_SYS_IOCTL_H
#include_next <sys/ioctl.h>
#ifdef __cplusplus
extern "C" {
#endif
struct winsize {
    unsigned short ws_row, ws_col, ws_xpixel, ws_ypixel;
};
#ifndef TIOCGWINSZ
#define TIOCGWINSZ 0x5413
#endif
#ifdef __cplusplus
}
#endif
#endif
