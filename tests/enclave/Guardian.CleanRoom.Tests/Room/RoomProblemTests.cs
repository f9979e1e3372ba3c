using System.Text.Json;
using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Privacy;
using Guardian.CleanRoom.Room;
using Guardian.Refusals;

namespace Guardian.CleanRoom.Tests.Room;

/// <summary>Refusals on the wire and in stored records.</summary>
public class RoomProblemTests
{
    [Fact]
    public void A_problem_has_the_code_the_status_and_the_detail_with_its_remedy()
    {
        var problem = RoomProblem.Of(RoomReasons.NoUpload.Because("no upload of 'campaign' with this digest was announced"), 404);
        Assert.Equal(
            """{"title":"no-upload","status":404,"detail":"no upload of \u0027campaign\u0027 with this digest was announced; """
            + "begin it again\"}",
            JsonSerializer.Serialize(problem, RoomJson.Default.RoomProblem));
        Assert.Equal("the list is for x only", RoomProblem.Of(RoomReasons.NotTheReceiver.Because("the list is for x only"), 403).Detail);
    }

    [Fact]
    public void Every_reason_has_a_code_of_its_own()
    {
        var reasons = typeof(RoomReasons).GetFields().Select(field => (RefusalReason)field.GetValue(null)!).ToList();
        Assert.Equal(reasons.Count, reasons.Select(reason => reason.Code).Distinct().Count());
        Assert.All(reasons, reason => Assert.EndsWith(".", reason.Meaning, StringComparison.Ordinal));
    }
}
