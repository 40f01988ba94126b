#include "report/page/page.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "report/deflate/deflate.h"
#include "report/page/page_text.h"

namespace pymemflow::report {
namespace {

constexpr std::string_view kOpening = "<script type=\"text/plain\" id=\"data\" data-packed=\"";
constexpr std::string_view kClosing = "</script>\n";

// Shares are tried up to this one before slices of time are joined, of which this many remain.
constexpr double kEnoughDetail = 1e-3;
constexpr std::size_t kEnoughSlices = 60;

String base64(std::string_view bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  String text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      group = group << 8 | (k < count ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      text += k <= count ? kDigits[group >> (18 - 6 * k) & 63] : '=';
    }
  }
  return text;
}

// The data as the page reads it: letters of base64 alone, which cannot end the element.
String packed(std::string_view json) {
  String bytes;
  Deflate deflate(Wrapping::Zlib, bytes);
  String text(kOpening);
  text += deflate.is_ready() ? "deflate\">" : "none\">";
  if (deflate.is_ready()) {
    deflate.add(json);
    deflate.finish();
    text += base64(bytes);
  } else {
    text += base64(json);
  }
  text += kClosing;
  return text;
}

// Looks for the smallest share that fits.
class Fitting {
 public:
  Fitting(const Profile& profile, const PageFacts& facts)
      : profile_(profile), facts_(facts), builder_(profile) {}

  String data() {
    double share = 0;
    double too_small = 0;
    while (!try_share(share) && share < kEverything) {
      const bool has_few = builder_.blocks().slices.size() <= kEnoughSlices;
      if (share < kEnoughDetail || has_few) {
        too_small = share;
        share = share == 0 ? kFirstShare : share * kStep;
      } else {
        builder_.halve();
        share /= 8;
        too_small = 0;
      }
    }
    // The steps are large: some of the room may be left.
    for (int round = 0; round < kRounds && share != 0; ++round) {
      const double middle = (too_small + share) / 2;
      (try_share(middle) ? share : too_small) = middle;
    }
    return std::move(best_);
  }

 private:
  static constexpr double kFirstShare = 1e-5;
  static constexpr double kStep = 2;
  static constexpr int kRounds = 3;
  // No branch has this share: nothing but one [rest] is left.
  static constexpr double kEverything = 2;

  // True: the data fits, and is the best so far.
  bool try_share(double share) {
    const std::size_t room = kMostPageBytes - kPageStart.size() - kPageEnd.size();
    const PageTree tree = builder_.fold(share);
    // Every number takes a byte and more, so what is far too large need not be packed to see it.
    if (tree.nodes.size() + tree.lives.size() > room) return false;
    String data = packed(page_data(profile_, tree, builder_.blocks(), facts_));
    const bool fits = data.size() <= room;
    if (fits || share >= kEverything) best_ = std::move(data);
    return fits;
  }

  const Profile& profile_;
  const PageFacts& facts_;
  PageTreeBuilder builder_;
  String best_;
};

}  // namespace

String make_page(const Profile& profile, const PageFacts& facts) {
  String page(kPageStart);
  page += Fitting(profile, facts).data();
  page += kPageEnd;
  return page;
}

}  // namespace pymemflow::report
