#pragma once
// The profile as JSON: docs/reports.md has the schema. Report side, one thread.

#include "options/options.h"
#include "report/base/output.h"
#include "report/formats/profile_writer.h"
#include "report/reader/process_info.h"
#include "report/view/view.h"

namespace pymemflow::report {

class ProfileJson final : public ProfileWriter {
 public:
  // Increases when a field gets another meaning or goes. New fields do not change it.
  static constexpr std::uint64_t kSchemaVersion = 1;

  struct Rows {
    By by = By::Line;
    std::uint64_t depth = 0;
    Metric metric = Metric::Live;
    std::uint64_t limit = 0;
    bool is_selected = false;
  };

  ProfileJson(Output& output, const RecordCounts& counts, const Rows& rows, const View& view)
      : output_(output), counts_(counts), rows_(rows), view_(view) {}

  void write(const Profile& profile) override;

 private:
  Output& output_;
  const RecordCounts counts_;
  const Rows rows_;
  const View view_;
};

}  // namespace pymemflow::report
