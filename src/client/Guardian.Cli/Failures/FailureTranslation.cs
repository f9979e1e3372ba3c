using Guardian.Files.Native;
using Guardian.Refusals;

namespace Guardian.Cli.Failures;

/// <summary>Turns what a command throws into the refusal that ends it.</summary>
internal static class FailureTranslation
{
    /// <returns>The refusal; null for a bug, which must stay visible.</returns>
    public static Refusal? ToRefusal(Exception failure) => failure switch
    {
        RefusedException refused => refused.Refusal,
        OperationCanceledException => CliReasons.Interrupted.Because("interrupted"),
        OutOfMemoryException => CliReasons.NoMemory.Because(ContainerMemory.Describe()),
        InvalidDataException => CliReasons.BadFile.Because(failure.Message),
        IOException or UnauthorizedAccessException => FileRefusals.Of(failure),
        _ => null,
    };
}
