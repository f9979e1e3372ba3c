using System.Text.Json;
using Guardian.Operator.Objects;

namespace Guardian.Operator.Tests.Objects;

/// <summary>Objects can have any content: anybody may write them, and the API server is not trusted.</summary>
public sealed class SessionObjectTests
{
    private const string Whole =
        """
        {"type": "ADDED", "object": {"metadata": {"namespace": "a", "name": "b", "generation": 3},
        "spec": {"text": "name: x\n", "submission": "K S", "signatures": ["A B"]}, "status": {"observedGeneration": 3, "session": "x",
        "hash": "h", "conditions": [{"type": "Other"}, {"type": "Accepted", "status": "True", "reason": "Accepted", "message": "m",
        "lastTransitionTime": "t"}]}}}
        """;

    [Fact]
    public void An_object_is_read()
    {
        var change = ObjectChange.Read(Whole)!;
        Assert.False(change.IsDeleted);
        Assert.Equal(new ObjectVersion(new ObjectKey("a", "b"), 3), change.Object);
        var item = Read(Whole);
        Assert.Equal(("a", "b", 3, "name: x\n", "K S"), (item.Namespace, item.Name, item.Generation, item.Text, item.Submission));
        Assert.Equal(["A B"], item.Signatures);
        Assert.Equal((new SessionStatus(3, "x", "h", true, "Accepted", "m"), "t"), item.Status);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("""{"type": "ADDED"}""")]
    [InlineData("""{"type": "ADDED", "object": {"metadata": []}}""")]
    [InlineData("""{"type": "ADDED", "object": {"metadata": {"name": "b"}}}""")]
    [InlineData("""{"type": "ADDED", "object": {"metadata": {"namespace": "a", "name": 1}}}""")]
    [InlineData("""{"type": "ADDED", "object": {"metadata": {"namespace": "a", "name": "\ud800"}}}""")]
    [InlineData("""{"type": "ADDED", "object": {"metadata": {"namespace": "a", "name": "b"}}, "\ud800": 1}""")]
    [InlineData("""{"type": "ADDED", "object": {"metadata": {"namespace": "a", "name": "b", "\ud800": 1}}}""")]
    [InlineData("""{"type": "BOOKMARK", "object": {"metadata": {"namespace": "a", "name": "b"}}}""")]
    public void What_is_no_change_of_an_object_is_none(string line) => Assert.Null(ObjectChange.Read(line));

    [Theory]
    [InlineData("""{"text": 1, "submission": {}, "signatures": "x"}""")]
    [InlineData("""{"text": null, "submission": ["a"], "signatures": {"a": 1}}""")]
    [InlineData("[]")]
    [InlineData("1")]
    public void Members_of_another_kind_are_absent(string spec)
    {
        const string Metadata = """{"namespace": "a", "name": "b", "generation": "x"}""";
        var line = $$$"""{"type": "ADDED", "object": {"metadata": {{{Metadata}}}, "spec": {{{spec}}}}}""";
        var item = Read(line);
        Assert.Equal((null, null, 0), (item.Text, item.Submission, item.Generation));
        Assert.Empty(item.Signatures);
        Assert.Null(item.Status);
    }

    [Fact]
    public void Every_truncation_is_no_change()
    {
        for (var size = 0; size < Whole.Length - 1; size++)
        {
            Assert.Null(ObjectChange.Read(Whole[..size]));
        }
    }

    [Theory]
    [InlineData("conflict", "Conflict")]
    [InlineData("not-found", "NotFound")]
    [InlineData("over-budget", "OverBudget")]
    public void A_reason_has_the_form_of_Kubernetes(string code, string expected) => Assert.Equal(expected, SessionStatus.ReasonOf(code));

    private static SessionObject Read(string change)
    {
        using var document = JsonDocument.Parse(change);
        return SessionObject.Read(document.RootElement.GetProperty("object"))!;
    }

    [Fact]
    public void The_time_of_a_condition_is_that_of_its_last_change()
    {
        var (before, now) = (new SessionStatus(1, "x", "h", true, "Accepted", "m"), new DateTimeOffset(2026, 6, 1, 0, 0, 0, TimeSpan.Zero));
        string? Since(SessionStatus next) => (string?)next.Write((before, "t"), now)["conditions"]![0]!["lastTransitionTime"];
        Assert.Equal("t", Since(before with { Generation = 2 }));
        Assert.Equal("2026-06-01T00:00:00Z", Since(before with { IsAccepted = false }));
    }
}
