namespace Guardian.ComputeHost.Machine;

/// <summary>Reads <c>name = value</c> lines in <c>[sections]</c>, as nova.conf and qemu.conf have them. Other lines are skipped.</summary>
internal static class IniFile
{
    /// <summary>Reads the values by section (empty before the first) and name; the last value of a name counts.</summary>
    public static Dictionary<(string Section, string Name), string> Read(IEnumerable<string> lines)
    {
        var values = new Dictionary<(string, string), string>();
        var section = "";
        foreach (var line in lines.Select(line => line.Trim()).Where(line => line.Length > 0 && line[0] is not ('#' or ';')))
        {
            if (line[0] == '[' && line.IndexOf(']', StringComparison.Ordinal) is var end and > 0)
            {
                section = line[1..end];
            }
            else if (line.IndexOf('=', StringComparison.Ordinal) is var at and > 0)
            {
                values[(section, line[..at].Trim())] = line[(at + 1)..].Trim();
            }
        }
        return values;
    }
}
