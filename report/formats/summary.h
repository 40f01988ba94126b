#pragma once
// The summary of a profile for people: live memory at the end, its peak and when it was reached,
// what was allocated in all, and the sites that held most. Report side, one thread.

#include "report/base/names.h"
#include "report/base/output.h"
#include "report/formats/profile_writer.h"

namespace pymemflow::report {

class Summary final : public ProfileWriter {
 public:
  Summary(Output& output, const Names& names) : output_(output), names_(names) {}

  void write(const Profile& profile) override;

 private:
  Output& output_;
  Names names_;
};

// "12.3 KiB": a size for people.
String shown_size(std::uint64_t bytes);

}  // namespace pymemflow::report
