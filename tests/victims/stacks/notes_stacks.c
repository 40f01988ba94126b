// Allocates and notes which Python frames were running, as the interpreter's own frame objects say:
// the oracle of the recorded stacks. Loaded by stacks.py, without the headers of any Python.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

typedef struct Object Object;

// PyMethodDef: part of the stable ABI.
typedef struct {
  const char* name;
  Object* (*call)(Object*, Object*);
  int flags;
  const char* documentation;
} Method;

static struct {
  Object* (*new_function)(Method*, Object*, Object*);
  Object* (*running_frame)(void);
  Object* (*attribute)(Object*, const char*);
  Object* (*new_list)(intptr_t);
  int (*append)(Object*, Object*);
  Object* (*pack)(intptr_t, ...);
  unsigned long (*as_number)(Object*);
  void* (*release)(void);
  void (*hold)(void*);
  void (*keep)(Object*);
  void (*drop)(Object*);
  Object* none;
} python;

static void* find(const char* name) {
  return dlsym(RTLD_DEFAULT, name);
}

static Object* describe(Object* frame) {
  Object* const code = python.attribute(frame, "f_code");
  Object* const file = python.attribute(code, "co_filename");
  Object* const name = python.attribute(code, "co_name");
  Object* const instruction = python.attribute(frame, "f_lasti");
  Object* const described = python.pack((intptr_t)3, file, name, instruction);
  python.drop(code);
  python.drop(file);
  python.drop(name);
  python.drop(instruction);
  return described;
}

// A list of (file, name, instruction), from the running frame down.
static Object* running_frames(void) {
  Object* const frames = python.new_list(0);
  Object* frame = python.running_frame();
  if (frame != NULL) python.keep(frame);
  while (frame != NULL && frame != python.none) {
    Object* const described = describe(frame);
    python.append(frames, described);
    python.drop(described);
    Object* const back = python.attribute(frame, "f_back");
    python.drop(frame);
    frame = back;
  }
  if (frame != NULL) python.drop(frame);
  return frames;
}

// note(n) calls calloc(n, 0), and free(). The event's first argument tells which call it is.
static Object* note(Object* self, Object* argument) {
  (void)self;
  const unsigned long number = python.as_number(argument);
  void* const block = calloc(number, 0);
  Object* const frames = running_frames();
  free(block);
  return frames;
}

// The same while the thread has released the GIL.
static Object* note_released(Object* self, Object* argument) {
  (void)self;
  const unsigned long number = python.as_number(argument);
  Object* const frames = running_frames();
  void* const state = python.release();
  free(calloc(number, 0));
  python.hold(state);
  return frames;
}

// The other functions of the allocator, each with its number as the size.
static Object* note_others(Object* self, Object* argument) {
  (void)self;
  const size_t bytes = python.as_number(argument);
  void* aligned = NULL;
  void* block = malloc(bytes);
  block = realloc(block, bytes + 16);
  if (posix_memalign(&aligned, 64, bytes + 32) == 0) free(aligned);
  free(aligned_alloc(64, bytes + 64));
  free(block);
  return running_frames();
}

static void allocate(int signal) {
  (void)signal;
  free(calloc(77777777, 0));
}

// storm(microseconds) begins a timer whose handler allocates; 0 ends it.
static Object* storm(Object* self, Object* argument) {
  (void)self;
  const struct itimerval timer = {{0, (suseconds_t)python.as_number(argument)},
                                  {0, (suseconds_t)python.as_number(argument)}};
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = allocate;
  action.sa_flags = SA_RESTART;
  sigaction(SIGALRM, &action, NULL);
  setitimer(ITIMER_REAL, &timer, NULL);
  python.keep(python.none);
  return python.none;
}

static Method methods[] = {{"note", note, 8, NULL},
                           {"note_others", note_others, 8, NULL},
                           {"storm", storm, 8, NULL},
                           {"note_released", note_released, 8, NULL}};

// Returns the function with this index. With the GIL.
Object* function(int index) {
  *(void**)&python.new_function = find("PyCFunction_NewEx");
  *(void**)&python.running_frame = find("PyEval_GetFrame");
  *(void**)&python.attribute = find("PyObject_GetAttrString");
  *(void**)&python.new_list = find("PyList_New");
  *(void**)&python.append = find("PyList_Append");
  *(void**)&python.pack = find("PyTuple_Pack");
  *(void**)&python.as_number = find("PyLong_AsUnsignedLong");
  *(void**)&python.release = find("PyEval_SaveThread");
  *(void**)&python.hold = find("PyEval_RestoreThread");
  *(void**)&python.keep = find("Py_IncRef");
  *(void**)&python.drop = find("Py_DecRef");
  python.none = find("_Py_NoneStruct");
  return python.new_function(&methods[index], NULL, NULL);
}
