// The heap of the report on Linux. In a host it is pages from the kernel. In a process of its own
// it is mimalloc, if that is installed. If the memory of the process is limited, it is the C
// library's heap, since mimalloc takes 32 MiB at a time and crashes when it gets none.

#include "report/base/private_heap.h"

#include <sys/resource.h>

#include "report/base/linux/page_heap.h"
#include "report/base/private_library.h"
#include "report/base/role.h"

namespace pymemflow::report {
namespace {

constexpr rlim_t kEnough = rlim_t{512} << 20;

constinit bool is_little_expected = false;

bool is_memory_limited() {
  for (const auto which : {RLIMIT_AS, RLIMIT_DATA}) {
    struct rlimit limit {};
    if (::getrlimit(which, &limit) == 0 && limit.rlim_cur < kEnough) return true;
  }
  return false;
}

const MimallocFunctions* usable_mimalloc() {
  return is_little_expected || is_memory_limited() ? nullptr : mimalloc_functions();
}

}  // namespace

const PrivateHeap* private_heap() {
  static constexpr PrivateHeap kPages = {allocate_pages, release_pages};
  if (is_in_host()) return &kPages;
  static const MimallocFunctions* const mimalloc = usable_mimalloc();
  static const PrivateHeap heap = {mimalloc == nullptr ? nullptr : mimalloc->malloc,
                                   mimalloc == nullptr ? nullptr : mimalloc->free};
  return mimalloc == nullptr ? nullptr : &heap;
}

void expect_little() {
  is_little_expected = true;
}

void forget_private_heap() {
  if (is_in_host()) forget_page_heap();
}

}  // namespace pymemflow::report
