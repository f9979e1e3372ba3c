using System.Globalization;
using System.Text;
using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Contract;
using Guardian.Files.Durable;
using Guardian.Refusals;

namespace Guardian.CleanRoom.Data;

/// <summary>The folders of rooms in an enclave's state folder.</summary>
internal static class StateFolder
{
    /// <summary>The form of a room's files. Format 1 was without keys for each version, and 2 without the
    /// terms of answered sets.</summary>
    public const int Format = 3;

    /// <summary>Name of the log's file.</summary>
    public const string LogName = "log";

    private const string FormatName = "format";

    /// <summary>Finds the folder of a room: each contract has its own.</summary>
    public static string PathOf(string stateDirectory, RoomContract contract) =>
        Path.Combine(stateDirectory, Convert.ToHexStringLower(contract.Hash.Span[..8]));

    /// <summary>Creates the folder of a room, or checks that this release can read the files in it.</summary>
    /// <remarks>The host can change the number. This only changes the message with which the room does not open.</remarks>
    /// <exception cref="RefusedException">Another release wrote the files.</exception>
    public static void Require(string directory)
    {
        DurableFile.CreateDirectory(directory);
        var path = Path.Combine(directory, FormatName);
        var number = Format.ToString(CultureInfo.InvariantCulture);
        var found = File.Exists(path) ? Encoding.ASCII.GetString(DurableFile.ReadOrCreate(path, () => [])).Trim()
            : File.Exists(Path.Combine(directory, LogName)) ? "1"
            : null;
        if (found is null)
        {
            DurableFile.Replace(path, Encoding.ASCII.GetBytes(number + "\n"));
        }
        else if (found != number)
        {
            throw new RefusedException(RoomReasons.OtherFormat.Because(
                $"{directory} has room files of format {(found.All(char.IsAsciiDigit) ? found : "?")}, and this release reads format "
                + number));
        }
    }
}
