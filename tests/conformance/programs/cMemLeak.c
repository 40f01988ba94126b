/* cMemLeak as it was when DTrace was recorded: the names of its functions are in the outputs. The
   one that is built for users, examples/cmemleak.c, has other names. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  PyObject_HEAD size_t size;
  void* buffer;
} Block;

static PyObject* block_size(Block* self, void* closure) {
  (void)closure;
  return PyLong_FromSize_t(self->size);
}

static PyObject* block_buffer(Block* self, void* closure) {
  (void)closure;
  return PyLong_FromVoidPtr(self->buffer);
}

static PyGetSetDef block_attributes[] = {
    {"size", (getter)block_size, NULL, NULL, NULL},
    {"buffer", (getter)block_buffer, NULL, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

#define BLOCK_CLASS(name, allocate, release)                                     \
  static int name##_init(Block* self, PyObject* arguments, PyObject* keywords) { \
    (void)keywords;                                                              \
    Py_ssize_t size;                                                             \
    if (!PyArg_ParseTuple(arguments, "n", &size)) return -1;                     \
    self->size = (size_t)size;                                                   \
    self->buffer = allocate(self->size);                                         \
    if (self->buffer == NULL) {                                                  \
      PyErr_NoMemory();                                                          \
      return -1;                                                                 \
    }                                                                            \
    memset(self->buffer, 0x5a, self->size);                                      \
    return 0;                                                                    \
  }                                                                              \
  static void name##_dealloc(Block* self) {                                      \
    if (self->buffer != NULL) release(self->buffer);                             \
    Py_TYPE(self)->tp_free((PyObject*)self);                                     \
  }                                                                              \
  static PyTypeObject name##_type = {                                            \
      PyVarObject_HEAD_INIT(NULL, 0).tp_name = "cMemLeak." #name,                \
      .tp_basicsize = sizeof(Block),                                             \
      .tp_flags = Py_TPFLAGS_DEFAULT,                                            \
      .tp_new = PyType_GenericNew,                                               \
      .tp_init = (initproc)name##_init,                                          \
      .tp_dealloc = (destructor)name##_dealloc,                                  \
      .tp_getset = block_attributes,                                             \
  }

BLOCK_CLASS(CMalloc, malloc, free);
BLOCK_CLASS(PyRawMalloc, PyMem_RawMalloc, PyMem_RawFree);
BLOCK_CLASS(PyMalloc, PyMem_Malloc, PyMem_Free);

static PyObject* f_malloc(PyObject* module, PyObject* arguments) {
  (void)module;
  Py_ssize_t size;
  if (!PyArg_ParseTuple(arguments, "n", &size)) return NULL;
  void* volatile address = malloc((size_t)size);
  return PyLong_FromVoidPtr(address);
}

static PyObject* f_free(PyObject* module, PyObject* number) {
  (void)module;
  void* address = PyLong_AsVoidPtr(number);
  if (PyErr_Occurred()) return NULL;
  free(address);
  Py_RETURN_NONE;
}

static PyObject* f_calloc(PyObject* module, PyObject* arguments) {
  (void)module;
  Py_ssize_t count, size;
  if (!PyArg_ParseTuple(arguments, "nn", &count, &size)) return NULL;
  void* volatile address = calloc((size_t)count, (size_t)size);
  return PyLong_FromVoidPtr(address);
}

static PyObject* f_realloc(PyObject* module, PyObject* arguments) {
  (void)module;
  unsigned long long old;
  Py_ssize_t size;
  if (!PyArg_ParseTuple(arguments, "Kn", &old, &size)) return NULL;
  return PyLong_FromVoidPtr(realloc((void*)old, (size_t)size));
}

static PyMethodDef functions[] = {
    {"malloc", f_malloc, METH_VARARGS, NULL},
    {"free", f_free, METH_O, NULL},
    {"calloc", f_calloc, METH_VARARGS, NULL},
    {"realloc", f_realloc, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "cMemLeak", .m_size = -1,
                                        .m_methods = functions};

static int add(PyObject* module, const char* name, PyTypeObject* type) {
  if (PyType_Ready(type) < 0) return -1;
  Py_INCREF(type);
  return PyModule_AddObject(module, name, (PyObject*)type);
}

PyMODINIT_FUNC PyInit_cMemLeak(void) {
  PyObject* module = PyModule_Create(&definition);
  if (module == NULL) return NULL;
  if (add(module, "CMalloc", &CMalloc_type) < 0 ||
      add(module, "PyRawMalloc", &PyRawMalloc_type) < 0 ||
      add(module, "PyMalloc", &PyMalloc_type) < 0) {
    return NULL;
  }
  return module;
}
