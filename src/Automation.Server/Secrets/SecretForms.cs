using System.Text;

namespace Automation.Server.Secrets;

/// <summary>How a secret's value may come back from a receiver: as it is, in Base64, or, if it is an address, in parts. Each in any spelling: <see cref="SecretPattern"/>.</summary>
internal static class SecretForms
{
    /// <summary>Shorter values are not looked for: masking every "1" would spoil the text and hide nothing that can be guessed anyway.</summary>
    public const int ShortestValue = 4;

    // Path segments and query values of an address are also common words ("services", "v1"); from here on they are taken for a token.
    private const int ShortestPart = 8;

    /// <summary>Empty for a value that is too short.</summary>
    public static string[] Of(string value)
    {
        if (value.Length < ShortestValue) return [];
        var forms = new HashSet<string>(StringComparer.Ordinal) { value };
        AddBase64(forms, value);
        if (Uri.TryCreate(value, UriKind.Absolute, out var address) && address.Scheme is "http" or "https") AddParts(forms, address);
        return [.. forms.Where(f => f.Length >= ShortestValue)];
    }

    /// <summary>Base64 of a text that contains the value depends on where it starts (mod 3): the characters that depend on the value alone, for each start.</summary>
    private static void AddBase64(HashSet<string> forms, string value)
    {
        var bytes = Encoding.UTF8.GetBytes(value);
        AddBothAlphabets(forms, Convert.ToBase64String(bytes));
        for (var start = 0; start < 3; start++)
        {
            var text = Convert.ToBase64String([.. new byte[start], .. bytes]);
            var from = (start * 8 + 5) / 6;
            var to = (start + bytes.Length) * 8 / 6;
            if (to - from >= ShortestPart) AddBothAlphabets(forms, text[from..to]);
        }
    }

    private static void AddBothAlphabets(HashSet<string> forms, string base64)
    {
        forms.Add(base64);
        forms.Add(base64.Replace('+', '-').Replace('/', '_').TrimEnd('='));
    }

    private static void AddParts(HashSet<string> forms, Uri address)
    {
        forms.Add(address.AbsoluteUri);
        forms.Add(address.IdnHost);
        forms.Add(address.Authority);
        if (address.UserInfo.Length > 0) forms.Add(address.UserInfo);
        if (address.PathAndQuery.Length >= ShortestPart)
        {
            forms.Add(address.PathAndQuery);
            forms.Add(address.AbsolutePath);
        }

        foreach (var part in address.PathAndQuery.Split('/', '?', '&', '='))
        {
            if (part.Length < ShortestPart) continue;
            forms.Add(part);
            forms.Add(Uri.UnescapeDataString(part));
        }
    }
}
