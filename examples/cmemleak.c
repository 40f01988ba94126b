// cMemLeak: a Python extension module that allocates what it is told to, so that the examples and
// the tests know which events to expect. Objects with a buffer from one of three allocators, and
// the C functions themselves.
//
// One abi3 binary for CPython 3.6 and later. An object is 32 bytes and comes from pymalloc, as do
// the integers that describe it: the buffer is the only block that the C library sees.

#define Py_LIMITED_API 0x03060000
#include <Python.h>
#include <stdlib.h>
#include <string.h>

// Exported by every CPython 3.6 and later, but in the limited API's headers from 3.13 on only.
extern void* PyMem_RawMalloc(size_t size);
extern void PyMem_RawFree(void* address);

typedef void* Allocate(size_t size);
typedef void Release(void* address);

// ---------------------------------------------------------------------- objects with a buffer

typedef struct {
  PyObject ob_base;
  size_t size;
  void* buffer;
} Block;

static PyObject* block_new(PyTypeObject* type, PyObject* args, Allocate* allocate) {
  Py_ssize_t size;
  if (!PyArg_ParseTuple(args, "n", &size)) return NULL;
  Block* block = (Block*)PyType_GenericAlloc(type, 0);
  if (block == NULL) return NULL;
  block->size = (size_t)size;
  block->buffer = allocate(block->size);
  if (block->buffer == NULL) {
    Py_DECREF(block);
    return PyErr_NoMemory();
  }
  memset(block->buffer, 0xa5, block->size);
  return (PyObject*)block;
}

static void block_dealloc(Block* block, Release* release) {
  // An object whose buffer was refused must not add a free(NULL) to the flow.
  if (block->buffer != NULL) release(block->buffer);
  PyTypeObject* type = Py_TYPE(block);
  PyObject_Free(block);
  // PyType_GenericAlloc took this reference in every version; it is only PyObject_New that began
  // to take it with 3.8. The types cannot be subclassed, so nobody else gives it back.
  Py_DECREF(type);
}

static PyObject* block_size(PyObject* self, void* closure) {
  (void)closure;
  return PyLong_FromSize_t(((Block*)self)->size);
}

static PyObject* block_buffer(PyObject* self, void* closure) {
  (void)closure;
  return PyLong_FromVoidPtr(((Block*)self)->buffer);
}

static PyGetSetDef block_attributes[] = {
    {"size", block_size, NULL, "bytes in the buffer", NULL},
    {"buffer", block_buffer, NULL, "address of the buffer", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

// A heap type has no place for an allocator of its own, hence two functions per class.
#define BLOCK_CLASS(type, allocate, release)                                          \
  static PyObject* type##_new(PyTypeObject* self, PyObject* args, PyObject* kwargs) { \
    (void)kwargs;                                                                     \
    return block_new(self, args, allocate);                                           \
  }                                                                                   \
  static void type##_dealloc(PyObject* self) {                                        \
    block_dealloc((Block*)self, release);                                             \
  }                                                                                   \
  static PyType_Slot type##_slots[] = {                                               \
      {Py_tp_new, type##_new},                                                        \
      {Py_tp_dealloc, type##_dealloc},                                                \
      {Py_tp_getset, block_attributes},                                               \
      {Py_tp_doc, #type "(size): a buffer from " #allocate "()"},                     \
      {0, NULL},                                                                      \
  };                                                                                  \
  static PyType_Spec type##_spec = {                                                  \
      .name = "cMemLeak." #type,                                                      \
      .basicsize = sizeof(Block),                                                     \
      .flags = Py_TPFLAGS_DEFAULT,                                                    \
      .slots = type##_slots,                                                          \
  };

BLOCK_CLASS(CMalloc, malloc, free)
BLOCK_CLASS(PyRawMalloc, PyMem_RawMalloc, PyMem_RawFree)
BLOCK_CLASS(PyMalloc, PyMem_Malloc, PyMem_Free)

// ------------------------------------------------------------------------ the C functions
// Sizes are signed so that malloc(-1) can be asked for; it becomes SIZE_MAX. A refusal returns 0.
// The results go through volatile variables: no compiler may find a pair of calls superfluous.

static PyObject* call_malloc(PyObject* module, PyObject* args) {
  (void)module;
  Py_ssize_t size;
  if (!PyArg_ParseTuple(args, "n:malloc", &size)) return NULL;
  void* volatile address = malloc((size_t)size);
  return PyLong_FromVoidPtr(address);
}

static PyObject* call_calloc(PyObject* module, PyObject* args) {
  (void)module;
  Py_ssize_t count, size;
  if (!PyArg_ParseTuple(args, "nn:calloc", &count, &size)) return NULL;
  void* volatile address = calloc((size_t)count, (size_t)size);
  return PyLong_FromVoidPtr(address);
}

static PyObject* call_realloc(PyObject* module, PyObject* args) {
  (void)module;
  PyObject* old;
  Py_ssize_t size;
  if (!PyArg_ParseTuple(args, "On:realloc", &old, &size)) return NULL;
  void* volatile address = PyLong_AsVoidPtr(old);
  if (address == NULL && PyErr_Occurred()) return NULL;
  address = realloc(address, (size_t)size);
  return PyLong_FromVoidPtr(address);
}

static PyObject* call_free(PyObject* module, PyObject* old) {
  (void)module;
  void* volatile address = PyLong_AsVoidPtr(old);
  if (address == NULL && PyErr_Occurred()) return NULL;
  free(address);
  Py_RETURN_NONE;
}

static PyMethodDef functions[] = {
    {"malloc", call_malloc, METH_VARARGS, "malloc(size) -> address"},
    {"calloc", call_calloc, METH_VARARGS, "calloc(count, size) -> address"},
    {"realloc", call_realloc, METH_VARARGS, "realloc(address, size) -> address"},
    {"free", call_free, METH_O, "free(address)"},
    {NULL, NULL, 0, NULL},
};

// ------------------------------------------------------------------------------- the module

static int add_type(PyObject* module, const char* name, PyType_Spec* spec) {
  PyObject* type = PyType_FromSpec(spec);
  if (type == NULL) return -1;
  if (PyModule_AddObject(module, name, type) == 0) return 0;
  Py_DECREF(type);
  return -1;
}

static int execute(PyObject* module) {
  if (add_type(module, "CMalloc", &CMalloc_spec) < 0) return -1;
  if (add_type(module, "PyRawMalloc", &PyRawMalloc_spec) < 0) return -1;
  return add_type(module, "PyMalloc", &PyMalloc_spec);
}

static PyModuleDef_Slot module_slots[] = {{Py_mod_exec, execute}, {0, NULL}};

static struct PyModuleDef module_definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "cMemLeak",
    .m_doc = "Allocates what it is told to, for the examples and the tests of pymemflow.",
    .m_methods = functions,
    .m_slots = module_slots,
};

PyMODINIT_FUNC PyInit_cMemLeak(void) {
  return PyModuleDef_Init(&module_definition);
}
