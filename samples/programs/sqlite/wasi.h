/* Declares what SQLite's Unix layer needs and WASI lacks. With the file system layer unix-none, all of these are no-ops. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>
#define F_RDLCK 0
#define F_WRLCK 1
#define F_UNLCK 2
#define F_GETLK 5
#define F_SETLK 6
static inline int fchmod(int file, mode_t mode) { (void)file, (void)mode; return 0; }
static inline int fchown(int file, uid_t owner, gid_t group) { (void)file, (void)owner, (void)group; return 0; }
static inline uid_t geteuid(void) { return 0; }
static inline uid_t getuid(void) { return 0; }
static inline mode_t umask(mode_t mask) { (void)mask; return 0; }
static inline int chmod(const char *path, mode_t mode) { (void)path, (void)mode; return 0; }
