// mimalloc, where it is installed.

#include "report/base/private_heap.h"

#include "report/base/private_library.h"

namespace pymemflow::report {

const PrivateHeap* private_heap() {
  static const MimallocFunctions* const mimalloc = mimalloc_functions();
  static const PrivateHeap heap = {mimalloc == nullptr ? nullptr : mimalloc->malloc,
                                   mimalloc == nullptr ? nullptr : mimalloc->free};
  return mimalloc == nullptr ? nullptr : &heap;
}

}  // namespace pymemflow::report
