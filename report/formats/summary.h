#pragma once
// The summary of a profile for people: live memory at the end, its peak and when it was reached,
// what was allocated in all, and the rows that held most, with their callers. Report side, one
// thread.

#include "options/options.h"
#include "report/base/names.h"
#include "report/base/output.h"
#include "report/formats/profile_writer.h"
#include "report/stacks/callers.h"
#include "report/view/view.h"

namespace pymemflow::report {

class Summary final : public ProfileWriter {
 public:
  struct Options {
    Names names = {};
    By by = By::Line;
    CallersWanted callers = {};
    Metric metric = Metric::Live;
    View view = {};
    std::uint64_t limit = 0;
    bool is_selected = false;
  };

  Summary(Output& output, const Options& options) : output_(output), options_(options) {}

  void write(const Profile& profile) override;

 private:
  Output& output_;
  const Options options_;
};

// "12.3 KiB": a size for people.
String shown_size(std::uint64_t bytes);

}  // namespace pymemflow::report
