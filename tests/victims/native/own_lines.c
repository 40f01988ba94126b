// Allocates while a frame that C code made is the running one, as code that Nuitka compiled does:
// the frame object has the line, and the line table has none. Called by own_lines.py with the GIL
// held.
#include <stdlib.h>

// Allocates size + i bytes at the i-th of `count` lines. `running` is where the interpreter keeps
// the running frame, `line` is in the frame object.
void allocate_on_lines(void** running, void* frame, int* line, const int* lines, int count,
                       size_t size) {
  void* const before = *running;
  *running = frame;
  for (int i = 0; i < count; ++i) {
    *line = lines[i];
    free(malloc(size + (size_t)i));
  }
  *running = before;
}
