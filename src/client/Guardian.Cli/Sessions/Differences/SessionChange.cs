namespace Guardian.Cli.Sessions.Differences;

/// <summary>A change between two texts of a session, in words.</summary>
/// <param name="Area"><c>session</c>, <c>secrets</c>, <c>volumes</c>, <c>access</c>, <c>admission</c> or <c>text</c>.</param>
/// <param name="Effect"><c>more</c> if somebody or some code gets more than before, <c>less</c>, or <c>other</c>.</param>
/// <param name="Text">The sentence.</param>
internal sealed record SessionChange(string Area, string Effect, string Text)
{
    /// <summary>Somebody or some code gets more than before.</summary>
    public const string More = "more";

    /// <summary>Somebody or some code gets less than before.</summary>
    public const string Less = "less";

    /// <summary>Neither.</summary>
    public const string Other = "other";
}
