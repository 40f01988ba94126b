// A C++ extension module: throws exceptions, uses operator new and delete, and tells which library
// serves them.
#define Py_LIMITED_API 0x03060000
#include <Python.h>
#include <dlfcn.h>

#include <new>
#include <stdexcept>

static PyObject* throw_and_catch(PyObject*, PyObject*) try {
  throw std::runtime_error("caught");
} catch (const std::runtime_error& error) {
  return PyUnicode_FromString(error.what());
}

static PyObject* new_and_delete(PyObject*, PyObject* count) {
  for (long i = PyLong_AsLong(count); i > 0; --i) {
    void* volatile block = ::operator new(1234);
    ::operator delete(block);
  }
  Py_RETURN_NONE;
}

static PyObject* owner(PyObject*, PyObject* name) {
  PyObject* const bytes = PyUnicode_AsUTF8String(name);
  void* const found = dlsym(RTLD_DEFAULT, PyBytes_AsString(bytes));
  Py_DECREF(bytes);
  Dl_info info;
  if (found == nullptr || dladdr(found, &info) == 0) Py_RETURN_NONE;
  return PyUnicode_DecodeFSDefault(info.dli_fname);
}

static PyMethodDef functions[] = {{"throw_and_catch", throw_and_catch, METH_NOARGS, nullptr},
                                  {"new_and_delete", new_and_delete, METH_O, nullptr},
                                  {"owner", owner, METH_O, nullptr},
                                  {}};

PyMODINIT_FUNC PyInit_throws_and_news() {
  static PyModuleDef module = {PyModuleDef_HEAD_INIT, "throws", "", 0, functions, {}, {}, {}, {}};
  return PyModule_Create(&module);
}
