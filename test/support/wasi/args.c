/*
 * Tells what a program sees of the world: its arguments, its environment, and what is below "/", in
 * the order of the names, files with what is in them.
 */

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PATH_BYTES_MAX 4096

extern char **environ;

static int print_folder(const char *path);
static int print_entry(const char *path);
static int print_file(const char *path);

int main(int argc, char **argv) {
  for (int at = 0; at < argc; at++) printf("argument %d: %s\n", at, argv[at]);
  for (char **entry = environ; entry && *entry; entry++) printf("environment: %s\n", *entry);
  return print_folder("");
}

/* Returns 0, or 1 when something is listed but can't be read. */
static int print_folder(const char *path) {
  struct dirent **entries;
  int count = scandir(*path ? path : "/", &entries, NULL, alphasort);
  if (count < 0) {
    printf("no folder: %s/\n", path);
    return *path != '\0';
  }
  int status = 0;
  for (int at = 0; at < count; at++) {
    const char *name = entries[at]->d_name;
    char below[PATH_BYTES_MAX];
    snprintf(below, sizeof below, "%s/%s", path, name);
    if (strcmp(name, ".") && strcmp(name, "..")) status |= print_entry(below);
    free(entries[at]);
  }
  free(entries);
  return status;
}

static int print_entry(const char *path) {
  struct stat found;
  if (stat(path, &found)) {
    fprintf(stderr, "args: can't stat %s\n", path);
    return 1;
  }
  if (!S_ISDIR(found.st_mode)) return print_file(path);
  printf("folder %s\n", path);
  return print_folder(path);
}

static int print_file(const char *path) {
  FILE *file = fopen(path, "rb");
  if (!file) {
    fprintf(stderr, "args: can't open %s\n", path);
    return 1;
  }
  printf("file %s: ", path);
  char bytes[4096];
  for (size_t count; (count = fread(bytes, 1, sizeof bytes, file)) > 0;) {
    fwrite(bytes, 1, count, stdout);
  }
  int failed = ferror(file) != 0;
  fclose(file);
  putchar('\n');
  return failed;
}
