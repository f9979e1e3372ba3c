using System.Text;

namespace Guardian.Cli.Tests.Support;

/// <summary>Runs commands as a page or a program prints them: those that serve in the background, the others to their end.</summary>
internal static class Shell
{
    /// <summary>Splits a command at blanks, but not inside double quotes.</summary>
    public static string[] Split(string command)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        var isQuoted = false;
        foreach (var character in command.Trim() + " ")
        {
            if (character == '"')
            {
                isQuoted = !isQuoted;
            }
            else if (character == ' ' && !isQuoted)
            {
                words.Add(word.ToString());
                word.Clear();
            }
            else
            {
                word.Append(character);
            }
        }
        return [.. words];
    }

    /// <summary>Runs commands one after the other; each must end with 0. Ports are exchanged for free ones.</summary>
    /// <param name="after">Sees each command and what it said; may change the words of those that follow.</param>
    public static async Task RunAllAsync(string folder, IReadOnlyList<string[]> commands, Action<string[], Result>? after = null)
    {
        var ports = new Dictionary<string, string>();
        var exported = new Dictionary<string, string>();
        var serving = new List<Running>();
        try
        {
            foreach (var command in commands)
            {
                var words = command.Select(word => WithFreePort(word, ports)).ToArray();
                if (words is ["export", var variable])
                {
                    // GuardianProgram gives the variables of this file to each command.
                    var (name, value) = variable.Split('=', 2) is [var before, var behind] ? (before, behind) : (variable, "");
                    exported[name] = WithFreePort(value, ports);
                    await File.WriteAllLinesAsync(
                        Path.Combine(folder, "environment"), exported.Select(each => $"{each.Key}={each.Value}"));
                }
                else if (words[1] == "start")
                {
                    serving.Add(await GuardianProgram.ServeAsync(folder, "Guardian.Cli", "guardian", words));
                }
                else
                {
                    var result = await GuardianProgram.RunAsync(folder, words);
                    Assert.True(result.ExitCode == 0, $"guardian {string.Join(' ', words)}\n{result.Output}\n{result.Error}");
                    after?.Invoke(words, result);
                }
            }
        }
        finally
        {
            serving.ForEach(running => running.Dispose());
        }
    }

    // The same port on a page is the same port here.
    private static string WithFreePort(string word, Dictionary<string, string> ports)
    {
        if (!word.StartsWith("127.0.0.1:", StringComparison.Ordinal))
        {
            return word;
        }
        if (!ports.TryGetValue(word, out var free))
        {
            ports[word] = free = $"127.0.0.1:{ReservedPort.Reserve()}";
        }
        return free;
    }
}
