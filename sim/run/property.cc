#include "sim/run/property.h"

#include "system/base/check.h"

namespace millrace::run {

std::string_view to_text(PropertyKind kind) {
  switch (kind) {
    case PropertyKind::kAlways:
      return "always";
    case PropertyKind::kEventually:
      return "eventually";
    case PropertyKind::kSometimes:
      return "sometimes";
    case PropertyKind::kNever:
      return "never";
  }
  UNREACHABLE("a kind outside its list");
}

}  // namespace millrace::run
