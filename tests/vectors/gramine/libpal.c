/* A stand-in for a platform layer: the segments that a shared object has, and nothing of any other program. */
static const char text[] = "guardian: test vector";
const char *words[3] = { text, text + 1, text + 2 };
char zeros[9000];
int entry(int n) { zeros[n & 4095] = 1; return words[n & 1][0] + zeros[n]; }
