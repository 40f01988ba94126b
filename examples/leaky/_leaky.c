// _leaky: a function that leaks what it is asked to, and its twin, which does not. One abi3 binary
// for CPython 3.6 and later.

#define Py_LIMITED_API 0x03060000
#include <Python.h>
#include <stdlib.h>
#include <string.h>

// A forgotten free(): the block is used, and then no pointer to it remains.
static PyObject* use_block(PyObject* args, int gives_back) {
  Py_ssize_t size;
  if (!PyArg_ParseTuple(args, "n", &size)) return NULL;
  char* block = malloc((size_t)size);
  if (block == NULL) return PyErr_NoMemory();
  memset(block, 1, (size_t)size);
  const long last = block[size - 1];
  if (gives_back) free(block);
  return PyLong_FromLong(last);
}

static PyObject* leaking(PyObject* self, PyObject* args) {
  (void)self;
  return use_block(args, 0);
}

static PyObject* clean(PyObject* self, PyObject* args) {
  (void)self;
  return use_block(args, 1);
}

static PyMethodDef functions[] = {
    {"leaking", leaking, METH_VARARGS, "Takes a block of SIZE bytes, and forgets it."},
    {"clean", clean, METH_VARARGS, "Takes a block of SIZE bytes, and gives it back."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_leaky", "Leaks on purpose.", -1, functions, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__leaky(void) {
  return PyModule_Create(&definition);
}
