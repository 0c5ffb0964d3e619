/* Gives back what it was given, byte for byte: stdin to stdout. */

#include <unistd.h>

int main(void) {
  char bytes[65536];
  for (;;) {
    ssize_t count = read(STDIN_FILENO, bytes, sizeof bytes);
    if (count <= 0) return count == 0 ? 0 : 1;
    for (ssize_t at = 0; at < count;) {
      ssize_t written = write(STDOUT_FILENO, bytes + at, (size_t)(count - at));
      if (written < 0) return 1;
      at += written;
    }
  }
}
