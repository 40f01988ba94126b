// The heap of the report on Linux. In a host it is pages from the kernel. In a process of its own
// it is mimalloc, if that is installed. If the memory of the process is limited, it is the C
// library's heap, since mimalloc takes 32 MiB at a time and crashes when it gets none.

#include "report/base/private_heap.h"

#include <sys/resource.h>

#include <algorithm>
#include <cstdlib>

#include "report/base/linux/page_heap.h"
#include "report/base/private_library.h"
#include "report/base/role.h"

namespace pymemflow::report {
namespace {

constexpr rlim_t kEnough = rlim_t{512} << 20;

// The environment variable that mimalloc reads while it is opened.
constexpr char kLargePages[] = "MIMALLOC_LARGE_OS_PAGES";

constexpr std::uint64_t kLittle = std::uint64_t{4} << 20;
constexpr std::uint64_t kMuch = std::uint64_t{64} << 20;

constinit std::uint64_t expected_bytes = 0;  // 0: not known

bool is_memory_limited() {
  for (const auto which : {RLIMIT_AS, RLIMIT_DATA}) {
    struct rlimit limit {};
    if (::getrlimit(which, &limit) == 0 && limit.rlim_cur < kEnough) return true;
  }
  return false;
}

const MimallocFunctions* usable_mimalloc() {
  const bool is_little = expected_bytes != 0 && expected_bytes <= kLittle;
  if (is_little || is_memory_limited()) return nullptr;
  // A value that the user set has priority. Programs that the command starts do not inherit the
  // variable.
  const bool is_ours = expected_bytes >= kMuch && std::getenv(kLargePages) == nullptr;
  if (is_ours) ::setenv(kLargePages, "1", 1);
  const MimallocFunctions* const functions = mimalloc_functions();
  if (is_ours) ::unsetenv(kLargePages);
  return functions;
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

void expect_record(std::uint64_t size_bytes) {
  expected_bytes = std::max(expected_bytes, size_bytes);
}

void forget_private_heap() {
  if (is_in_host()) forget_page_heap();
}

}  // namespace pymemflow::report
