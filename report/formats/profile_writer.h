#pragma once
// The interface of the outputs that show a finished profile. Report side, one thread.

#include "report/replay/profile.h"

namespace pymemflow::report {

class ProfileWriter {
 public:
  virtual ~ProfileWriter() = default;
  virtual void write(const Profile& profile) = 0;
};

}  // namespace pymemflow::report
