/* A small notebook: stores lines in a file, and shows them. Plain C; it knows nothing about enclaves, volumes or keys. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *file_name(void)
{
    const char *name = getenv("NOTES");
    return name ? name : "/data/notes.txt";
}

static int add(const char *text)
{
    FILE *file = fopen(file_name(), "a");
    if (!file) {
        perror(file_name());
        return 1;
    }
    fprintf(file, "%s\n", text);
    fflush(file);
    int failed = fsync(fileno(file)) != 0 || ferror(file);
    return fclose(file) != 0 || failed;
}

static int show(void)
{
    FILE *file = fopen(file_name(), "r");
    if (!file) {
        puts("no notes yet");
        return 0;
    }
    char line[1024];
    int count = 0;
    while (fgets(line, sizeof line, file))
        printf("%3d  %s", ++count, line);
    fclose(file);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc > 2 && strcmp(argv[1], "add") == 0)
        return add(argv[2]);
    if (argc > 1 && strcmp(argv[1], "read") == 0) {
        char line[1024];
        while (fgets(line, sizeof line, stdin)) {
            line[strcspn(line, "\n")] = 0;
            if (add(line))
                return 1;
        }
        return 0;
    }
    return show();
}
