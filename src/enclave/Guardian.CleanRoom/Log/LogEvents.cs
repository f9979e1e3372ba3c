namespace Guardian.CleanRoom.Log;

/// <summary>Names of the log's events.</summary>
internal static class LogEvents
{
    public const string Upload = "upload";
    public const string Deletion = "deletion";
    public const string Question = "question";
    public const string Answer = "answer";
    public const string FreeQuestion = "free question";
    public const string Succession = "succession";
    public const string HandOver = "hand-over";
}
