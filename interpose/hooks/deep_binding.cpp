#include "interpose/hooks/deep_binding.h"

namespace pymemflow::interpose {

// Defined for every system, since the library sets it on each; only Linux has RTLD_DEEPBIND.
constinit OnDeepBinding on_deep_binding = nullptr;

}  // namespace pymemflow::interpose
