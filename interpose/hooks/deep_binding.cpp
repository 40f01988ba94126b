#include "interpose/hooks/deep_binding.h"

namespace pymemflow::interpose {

// Here, since the library sets it on every system; only Linux has RTLD_DEEPBIND.
constinit OnDeepBinding on_deep_binding = nullptr;

}  // namespace pymemflow::interpose
