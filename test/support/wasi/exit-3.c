/* Fails as a program does that can't use its input: a message on stderr and an exit code. */

#include <stdio.h>

int main(void) {
  fputs("exit-3: the input is not what this program expects\n", stderr);
  return 3;
}
