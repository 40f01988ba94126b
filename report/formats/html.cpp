// The format html: a page with the memory over time and the call stacks behind it.

#include "report/formats/replay.h"
#include "report/page/page.h"
#include "report/rows/rows.h"

namespace pymemflow::report {

void write_html(Replay& replay, const FormatOptions& options) {
  const Profile profile = replay.profile();
  PageFacts facts;
  facts.metric = name_of(options.metric);
  if (options.view.has_range) facts.from = options.view.from.words;
  facts.to = options.view.to.words;
  facts.is_to_the_end = options.view.to.is_end();
  facts.is_selected = options.is_selected;
  facts.is_inverted = options.is_inverted;
  facts.counts = replay.counts();
  replay.output().write(make_page(profile, facts));
}

}  // namespace pymemflow::report
