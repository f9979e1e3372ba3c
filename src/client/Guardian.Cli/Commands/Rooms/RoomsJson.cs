using System.Text.Json;
using System.Text.Json.Serialization;
using Guardian.CleanRoom.Room;
using Guardian.Cli.Rooms;

namespace Guardian.Cli.Commands.Rooms;

/// <summary>Source-generated JSON of this group's results. Answers, receipts and the room's descriptions are written as the room writes
/// them.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Strict, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(NextStepResult))]
[JsonSerializable(typeof(QuestionForecast))]
[JsonSerializable(typeof(RoomCheckResult))]
[JsonSerializable(typeof(RoomAmendResult))]
[JsonSerializable(typeof(RoomActivateResult))]
[JsonSerializable(typeof(RoomDiagnoseResult))]
[JsonSerializable(typeof(RoomWaterfallResult))]
[JsonSerializable(typeof(RoomDraftResult))]
[JsonSerializable(typeof(LiftReturnResult))]
[JsonSerializable(typeof(RoomLogResult))]
[JsonSerializable(typeof(RoomPowerResult))]
[JsonSerializable(typeof(RoomScheduleListResult))]
[JsonSerializable(typeof(RoomScheduleRemoveResult))]
[JsonSerializable(typeof(RoomScheduleRunResult))]
[JsonSerializable(typeof(ScheduleOrderResult))]
[JsonSerializable(typeof(RoomUploadResult))]
[JsonSerializable(typeof(RoomUseResult))]
[JsonSerializable(typeof(RoomVerifyResult))]
internal sealed partial class RoomsJson : JsonSerializerContext;
