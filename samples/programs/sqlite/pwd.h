/* WASI has no users. */
#include <sys/types.h>
struct passwd { char *pw_dir; };
static inline struct passwd *getpwuid(uid_t u) { return 0; }
