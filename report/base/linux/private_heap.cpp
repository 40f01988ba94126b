// The heap of the report on Linux: mimalloc if it is installed; in a host, pages from the kernel.

#include "report/base/private_heap.h"

#include "report/base/linux/page_heap.h"
#include "report/base/private_library.h"
#include "report/base/role.h"

namespace pymemflow::report {

const PrivateHeap* private_heap() {
  static constexpr PrivateHeap kPages = {allocate_pages, release_pages};
  if (is_in_host()) return &kPages;
  static const MimallocFunctions* const mimalloc = mimalloc_functions();
  static const PrivateHeap heap = {mimalloc == nullptr ? nullptr : mimalloc->malloc,
                                   mimalloc == nullptr ? nullptr : mimalloc->free};
  return mimalloc == nullptr ? nullptr : &heap;
}

void forget_private_heap() {
  if (is_in_host()) forget_page_heap();
}

}  // namespace pymemflow::report
