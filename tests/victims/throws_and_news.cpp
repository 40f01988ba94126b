// A C++ extension module: exceptions, operator new and delete, and who serves them.
#define Py_LIMITED_API 0x03060000
#include <Python.h>
#include <dlfcn.h>

#include <new>
#include <stdexcept>

static PyObject* throw_and_catch(PyObject*, PyObject* count) {
  long caught = 0;
  for (long i = PyLong_AsLong(count); i > 0; --i) {
    try {
      throw std::runtime_error("caught");
    } catch (const std::runtime_error&) {
      ++caught;
    }
  }
  return PyLong_FromLong(caught);
}

static PyObject* new_and_delete(PyObject*, PyObject* count) {
  for (long i = PyLong_AsLong(count); i > 0; --i) {
    void* volatile block = ::operator new(1234);
    ::operator delete(block);
  }
  return PyLong_FromLong(0);
}

static PyObject* owner(PyObject*, PyObject* name) {
  PyObject* const bytes = PyUnicode_AsUTF8String(name);
  void* const found = dlsym(RTLD_DEFAULT, PyBytes_AsString(bytes));
  Py_DECREF(bytes);
  Dl_info info;
  if (found == nullptr || dladdr(found, &info) == 0) Py_RETURN_NONE;
  return PyUnicode_DecodeFSDefault(info.dli_fname);
}
static PyMethodDef functions[] = {{"throw_and_catch", throw_and_catch, METH_O, nullptr},
                                  {"new_and_delete", new_and_delete, METH_O, nullptr},
                                  {"owner", owner, METH_O, nullptr}, {}};
static PyModuleDef definition = {PyModuleDef_HEAD_INIT, "throws_and_news", nullptr, 0, functions,
                                 nullptr, nullptr, nullptr, nullptr};
PyMODINIT_FUNC PyInit_throws_and_news() { return PyModule_Create(&definition); }
