#include "properties/catalogue.h"

#include "properties/appends.h"
#include "properties/bounds.h"
#include "properties/order.h"
#include "properties/recovery.h"
#include "properties/stored.h"

namespace millrace::properties {

void register_all(Registry& registry) {
  registry.property<KeyOrder>();
  registry.property<StableOrder>();
  registry.property<AckedIsDurable>();
  registry.property<NoDuplicates>();
  registry.property<NoPhantoms>();
  registry.property<WriteOnceOffsets>();
  registry.property<ReadYourAck>();
  registry.property<ConditionalAppend>();
  registry.property<IdempotentAppend>();
  registry.property<SealedStaysSealed>();
  registry.property<Truncation>();
  registry.property<SaneBounds>();
  registry.property<MonotoneBounds>();
  registry.property<RecoveryKeepsDurable>();
  registry.property<NothingLeaks>();
}

}  // namespace millrace::properties
