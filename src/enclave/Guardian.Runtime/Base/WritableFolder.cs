using Guardian.Refusals;

namespace Guardian.Runtime.Base;

/// <summary>Folders of the host that the runtime writes to. Each failure names the setting that gives another one.</summary>
internal static class WritableFolder
{
    /// <summary>Works with a folder.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="purpose">Its use, for people: <c>volumes</c>.</param>
    /// <param name="remedy">The option and the variable that name another folder.</param>
    /// <param name="use">Writes to it.</param>
    /// <exception cref="RefusedException">The folder cannot be used.</exception>
    public static T Use<T>(string path, string purpose, string remedy, Func<T> use)
    {
        try
        {
            return use();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new RefusedException(
                RuntimeReasons.NoFolder.Because($"the folder {path} for {purpose} cannot be used: {failure.Message}") with
                {
                    Remedy = remedy,
                },
                failure);
        }
    }
}
