// Counts its visits in /data/visits. visits NAME [SECONDS]: then counts the seconds down, and writes the visit before it does.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int count, char **words) {
    FILE *file = fopen("/data/visits", "a+");
    if (!file) { perror("/data/visits"); return 1; }
    fprintf(file, "%s\n", count > 1 ? words[1] : "somebody");
    fflush(file);
    rewind(file);
    int visits = 0;
    for (int c; (c = fgetc(file)) != EOF;) visits += c == '\n';
    printf("%d visits\n", visits);
    fflush(stdout);
    for (int i = count > 2 ? atoi(words[2]) : 0; i > 0; i--) { sleep(1); printf("%d\n", i); fflush(stdout); }
    fclose(file);
    return 0;
}
