#include "cli/console/stacks.h"

#include <utility>

#include "cli/console/site_names.h"
#include "report/stacks/callers.h"
#include "report/stacks/frame_text.h"

namespace pymemflow::cli {
namespace {

Json frame_of(const report::SiteName& frame) {
  if (frame.has_frame) {
    return Json::object()
        .set("file", std::string(frame.file))
        .set("line", frame.line)
        .set("function", std::string(frame.function));
  }
  const report::NativeName native = report::native_name(frame);
  Json json = Json::object()
                  .set("library", std::string(native.library))
                  .set("function", std::string(native.function));
  if (!native.symbol.empty()) json.set("symbol", std::string(native.symbol));
  json.set("offset", std::string(native.offset));
  if (frame.source_line != 0) {
    json.set("file", std::string(frame.source_file)).set("line", frame.source_line);
  }
  if (frame.is_inlined) json.set("inlined", true);
  return json;
}

}  // namespace

std::string callers_text(const RowStack& row, bool full_stacks, std::size_t indent) {
  const std::string start = "\n" + std::string(indent, ' ');
  const report::CallersWanted wanted = {.all = full_stacks};
  const report::Callers callers = report::callers_of(row.tree, row.node, wanted);
  std::string text;
  for (const report::String& line : report::native_lines(callers, wanted, {})) {
    text += start + std::string(line);
  }
  for (const report::SiteName* const frame : callers.frames) text += start + "by " + shown(*frame);
  const std::string note(report::note_on(callers, "--full-stacks"));
  if (!note.empty()) text += start + note;
  if (row.stacks > 1) {
    text += start + "this stack: " + std::to_string(row.bytes) + " bytes; " +
            std::to_string(row.stacks - 1) + " more with other callers";
  }
  return text;
}

void set_stack(Json& json, const report::CallTree& tree, report::CallNode node) {
  Json frames = Json::array();
  for (report::CallNode each = node; report::has_frame(each); each = tree.parent(each)) {
    frames.append(frame_of(tree.frame(each)));
  }
  json.set("stack", std::move(frames));
  json.set("stack_end", report::name_of(report::end_of(tree, node)));
}

}  // namespace pymemflow::cli
