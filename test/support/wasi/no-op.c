/* Does nothing: what a chunk costs before its program has done any work. */

int main(void) { return 0; }
