#include "platform/temporary_path.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

namespace pymemflow::platform {
namespace {

constinit pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
constinit TemporaryPath* first = nullptr;
constinit bool is_noting = false;
using Begin = void (*)();
constinit Begin begin_noting = nullptr;

class Lock {
 public:
  Lock() { pthread_mutex_lock(&mutex); }
  ~Lock() { pthread_mutex_unlock(&mutex); }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;
};

int make_path(char* pattern, bool is_folder) {
  if (is_folder) return mkdtemp(pattern) == nullptr ? -1 : 0;
  return mkostemp(pattern, O_CLOEXEC);
}

}  // namespace

void note_temporary_paths(void (*begin)()) {
  is_noting = true;
  begin_noting = begin;
}

const TemporaryPath* take_temporary_paths() {
  pthread_mutex_lock(&mutex);
  return first;
}

int TemporaryPath::make_file(char* pattern) {
  return make(pattern, false);
}

int TemporaryPath::make_folder(char* pattern) {
  return make(pattern, true);
}

// With the lock, so that a path that exists is in the list.
int TemporaryPath::make(char* pattern, bool is_folder) {
  if (!is_noting) return make_path(pattern, is_folder);
  const Lock lock;
  if (begin_noting != nullptr) begin_noting();
  begin_noting = nullptr;
  const int made = make_path(pattern, is_folder);
  if (made < 0) return made;
  path_ = pattern;
  is_folder_ = is_folder;
  next_ = first;
  first = this;
  return made;
}

void TemporaryPath::forget() {
  if (path_ == nullptr) return;
  const Lock lock;
  TemporaryPath** link = &first;
  while (*link != this) link = &(*link)->next_;
  *link = next_;
  path_ = nullptr;
}

}  // namespace pymemflow::platform
