using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Guardian.Kubernetes;

namespace Guardian.Operator.Objects;

/// <summary>The status of a <see cref="SessionObject"/>: what the CAS said about its present text.</summary>
/// <param name="Generation">The generation of the object that the CAS saw.</param>
/// <param name="Session">The session's name; null when the text has none.</param>
/// <param name="Hash">The hash of the text; null when it is no session.</param>
/// <param name="IsAccepted">Whether the CAS has exactly this text as the session's present one.</param>
/// <param name="Reason">A stable word in the form of Kubernetes, such as <c>Conflict</c>.</param>
/// <param name="Message">The CAS's own words, one line for each problem.</param>
internal sealed record SessionStatus(
    long Generation, string? Session, string? Hash, bool IsAccepted, string Reason, string Message)
{
    private const string Condition = "Accepted";

    // Kubernetes allows 32 KiB.
    private const int MaxMessage = 8 * 1024;

    /// <summary>Makes the reason of a condition from the code of a refusal: <c>not-found</c> becomes <c>NotFound</c>.</summary>
    public static string ReasonOf(string code) =>
        string.Concat(code.Split('-', StringSplitOptions.RemoveEmptyEntries).Select(word => char.ToUpperInvariant(word[0]) + word[1..]));

    /// <summary>Reads the status that an object has; null when it has none of this form.</summary>
    public static (SessionStatus Status, string? Since)? Read(JsonElement? status)
    {
        var condition = status.Items("conditions").Select(item => (JsonElement?)item)
            .FirstOrDefault(item => item.Text("type") == Condition);
        return condition is not null && status.Number("observedGeneration") is { } generation
            ? (new SessionStatus(
                generation, status.Text("session"), status.Text("hash"), condition.Text("status") == "True",
                condition.Text("reason") ?? "", condition.Text("message") ?? ""), condition.Text("lastTransitionTime"))
            : null;
    }

    /// <summary>Writes the status as members of an object.</summary>
    /// <param name="before">The status that the object has; null for none.</param>
    /// <param name="now">The time of the look.</param>
    public JsonObject Write((SessionStatus Status, string? Since)? before, DateTimeOffset now)
    {
        var since = before is { Since: { } kept } known && known.Status.IsAccepted == IsAccepted
            ? kept
            : now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        return new JsonObject
        {
            ["observedGeneration"] = Generation,
            ["session"] = Session,
            ["hash"] = Hash,
            ["conditions"] = new JsonArray(new JsonObject
            {
                ["type"] = Condition,
                ["status"] = IsAccepted ? "True" : "False",
                ["reason"] = Reason,
                ["message"] = Shorten(Message),
                ["observedGeneration"] = Generation,
                ["lastTransitionTime"] = since,
            }),
        };
    }

    /// <summary>Whether an object says this already.</summary>
    public bool IsSaidBy((SessionStatus Status, string? Since)? before) =>
        before is { } known && known.Status == this with { Message = Shorten(Message) };

    private static string Shorten(string text) => text.Length <= MaxMessage ? text : text[..MaxMessage] + " …";
}
