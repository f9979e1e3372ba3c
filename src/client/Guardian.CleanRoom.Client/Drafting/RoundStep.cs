namespace Guardian.CleanRoom.Client.Drafting;

/// <summary>Rounds to 1, 2 or 5 times a power of ten. A draft goes to partners, and the exact greatest value is one person's.</summary>
internal static class RoundStep
{
    private static readonly decimal[] Steps =
        [.. Enumerable.Range(-6, 19).SelectMany(power => new[] { 1m, 2m, 5m }.Select(digit => digit * Power(power)))];

    /// <summary>The number of steps, from 10^-6 to 5 * 10^12.</summary>
    public static int Count => Steps.Length;

    /// <summary>The index of the first step that is at least the number; the last one when none is.</summary>
    public static int IndexOf(decimal number)
    {
        var index = Array.BinarySearch(Steps, number);
        return Math.Min(index < 0 ? ~index : index, Steps.Length - 1);
    }

    /// <summary>The step of an index.</summary>
    public static decimal At(int index) => Steps[index];

    /// <summary>Rounds away from zero.</summary>
    public static decimal Outward(decimal number) =>
        number == 0 ? 0 : Math.Sign(number) * At(IndexOf(Math.Abs(number)));

    private static decimal Power(int exponent)
    {
        var power = 1m;
        for (var i = 0; i < Math.Abs(exponent); i++)
        {
            power = exponent < 0 ? power / 10 : power * 10;
        }
        return power;
    }
}
