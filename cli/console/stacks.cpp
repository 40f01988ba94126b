#include "cli/console/stacks.h"

#include "cli/console/site_names.h"
#include "report/stacks/callers.h"

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
  return std::move(json).set("offset", std::string(native.offset));
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
  const std::string note(report::note_on(callers));
  if (!note.empty()) text += start + note + (callers.left_out != 0 ? " (--full-stacks)" : "");
  if (row.stacks > 1) {
    text += start + "this stack: " + std::to_string(row.bytes) + " bytes; " +
            std::to_string(row.stacks - 1) + " more with other callers";
  }
  return text;
}

Json stack_of(const report::CallTree& tree, report::CallNode node) {
  Json frames = Json::array();
  for (; report::has_frame(node); node = tree.parent(node)) {
    frames.append(frame_of(tree.frame(node)));
  }
  return frames;
}

}  // namespace pymemflow::cli
