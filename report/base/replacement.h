#pragma once
// Replaces a file by renaming a new one, so that a reader never sees half of it, and the old one
// stays if anything fails. Report side, one thread.

#include "platform/temporary_path.h"
#include "report/base/memory.h"

namespace pymemflow::report {

class Replacement {
 public:
  Replacement() = default;
  // Removes the new file, unless commit() has put it in its place.
  ~Replacement();
  Replacement(const Replacement&) = delete;
  Replacement& operator=(const Replacement&) = delete;

  // Creates an empty file beside `path`, under a name that nobody can guess, with the permissions
  // of the old file, or for its owner alone. Returns its descriptor, which is the caller's; -1 and
  // errno. Links are followed as follow_links() does. ENOTSUP: the path must be written in place: a
  // descriptor, a pipe, a device, a file of another user, or one in a folder where nothing can be
  // created. EEXIST: it is a capture or the file that `reading` has open.
  int open(const char* path, int reading);

  // Gives the new file the name of the old one. Called once all has been written. False and errno;
  // EACCES: what is at the path by now is not ours.
  bool commit();

 private:
  String path_;
  String temporary_;  // empty: there is none
  platform::TemporaryPath noted_;
};

}  // namespace pymemflow::report
