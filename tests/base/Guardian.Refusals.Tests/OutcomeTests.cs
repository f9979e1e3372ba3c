namespace Guardian.Refusals.Tests;

public class OutcomeTests
{
    private static readonly RefusalReason TooSmall = new(
        "too-small", RefusalKind.Withheld, "The group is too small.", "ask about a larger group");

    [Fact]
    public void A_value_and_a_refusal_become_an_outcome_that_holds_one_of_them()
    {
        Outcome<string> done = "answer";
        Outcome<string> refused = TooSmall.Because("12 persons, at least 50 are needed");
        Assert.Equal(("answer", null), (done.Value, done.Refusal));
        Assert.Null(refused.Value);
        Assert.Equal(("too-small", RefusalKind.Withheld), (refused.Refusal!.Code, refused.Refusal.Kind));
    }

    [Fact]
    public void A_refusal_takes_the_remedy_of_its_reason_unless_it_has_a_better_one()
    {
        var refusal = TooSmall.Because("12 persons");
        Assert.Equal("ask about a larger group", refusal.Remedy);
        Assert.Equal("drop the filter", (refusal with { Remedy = "drop the filter" }).Remedy);
    }

    [Fact]
    public void Only_an_unavailable_service_is_worth_a_second_try()
    {
        var unavailable = new RefusalReason("busy", RefusalKind.Unavailable, "The service is overloaded.");
        Assert.True(new RefusedException(unavailable.Because("try again in 5 s")).IsTransient);
        Assert.False(new RefusedException(TooSmall.Because("12 persons")).IsTransient);
    }
}
