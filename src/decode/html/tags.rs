//! What the elements of HTML mean to a reader of articles.

use xxhash_rust::xxh3::xxh3_64;

/// Starts and ends a block of text.
pub(super) const BLOCK: u16 = 1;
/// Has no content and no end tag.
pub(super) const VOID: u16 = 1 << 1;
/// Nothing inside it is shown as text.
pub(super) const UNSEEN: u16 = 1 << 2;
/// Only looks: never put on the stack.
pub(super) const LOOK: u16 = 1 << 3;
/// Holds other blocks: a region of its own.
pub(super) const REGION: u16 = 1 << 4;
/// End tags inside it close nothing outside of it, and no paragraph outside of
/// it ends where a block begins inside.
pub(super) const SCOPE: u16 = 1 << 5;
/// A block inside it means that its end tag was forgotten.
pub(super) const FRAGILE: u16 = 1 << 6;

macro_rules! tags {
    ($($name:ident = $text:literal: $flags:expr,)*) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub(super) enum Tag {
            $($name,)*
            /// By the hash of its name.
            Other(u64),
        }

        impl Tag {
            /// By its lower-case name.
            pub(super) fn of(name: &[u8]) -> Self {
                match name {
                    $($text => Self::$name,)*
                    _ => Self::Other(xxh3_64(name)),
                }
            }

            pub(super) const fn flags(self) -> u16 {
                match self {
                    $(Self::$name => $flags,)*
                    Self::Other(_) => 0,
                }
            }
        }
    };
}

tags! {
    A = b"a": 0,
    Address = b"address": BLOCK | REGION,
    Applet = b"applet": UNSEEN | SCOPE,
    Area = b"area": VOID,
    Article = b"article": BLOCK | REGION,
    Aside = b"aside": BLOCK | REGION,
    Audio = b"audio": UNSEEN | FRAGILE,
    B = b"b": LOOK,
    Base = b"base": VOID,
    Big = b"big": LOOK,
    Blockquote = b"blockquote": BLOCK | REGION,
    Body = b"body": BLOCK | REGION,
    Br = b"br": VOID,
    Button = b"button": UNSEEN | SCOPE,
    Canvas = b"canvas": UNSEEN | FRAGILE,
    Caption = b"caption": BLOCK | SCOPE,
    Center = b"center": BLOCK | REGION,
    Col = b"col": VOID,
    Datalist = b"datalist": UNSEEN | FRAGILE,
    Dd = b"dd": BLOCK,
    Details = b"details": BLOCK | REGION,
    Dialog = b"dialog": BLOCK | REGION,
    Div = b"div": BLOCK | REGION,
    Dl = b"dl": BLOCK | REGION,
    Dt = b"dt": BLOCK,
    Em = b"em": LOOK,
    Embed = b"embed": VOID,
    Fieldset = b"fieldset": BLOCK | REGION,
    Figcaption = b"figcaption": BLOCK,
    Figure = b"figure": BLOCK | REGION,
    Font = b"font": LOOK,
    Footer = b"footer": BLOCK | REGION,
    Form = b"form": BLOCK | REGION,
    Frame = b"frame": VOID,
    H1 = b"h1": BLOCK,
    H2 = b"h2": BLOCK,
    H3 = b"h3": BLOCK,
    H4 = b"h4": BLOCK,
    H5 = b"h5": BLOCK,
    H6 = b"h6": BLOCK,
    Head = b"head": 0,
    Header = b"header": BLOCK | REGION,
    Hr = b"hr": BLOCK | VOID,
    Html = b"html": 0,
    I = b"i": LOOK,
    Iframe = b"iframe": UNSEEN,
    Image = b"image": VOID,
    Img = b"img": VOID,
    Input = b"input": VOID,
    Li = b"li": BLOCK,
    Link = b"link": VOID,
    Main = b"main": BLOCK | REGION,
    Map = b"map": UNSEEN | FRAGILE,
    Menu = b"menu": BLOCK | REGION,
    Meta = b"meta": VOID,
    Nav = b"nav": BLOCK | REGION,
    Noframes = b"noframes": UNSEEN,
    Noscript = b"noscript": UNSEEN,
    Object = b"object": UNSEEN | FRAGILE | SCOPE,
    Ol = b"ol": BLOCK | REGION,
    Option = b"option": UNSEEN | FRAGILE,
    P = b"p": BLOCK,
    Param = b"param": VOID,
    Pre = b"pre": BLOCK,
    Script = b"script": UNSEEN,
    Search = b"search": BLOCK | REGION,
    Section = b"section": BLOCK | REGION,
    Select = b"select": UNSEEN | FRAGILE,
    Small = b"small": LOOK,
    Source = b"source": VOID,
    Strong = b"strong": LOOK,
    Style = b"style": UNSEEN,
    Sub = b"sub": LOOK,
    Summary = b"summary": BLOCK,
    Sup = b"sup": LOOK,
    Svg = b"svg": UNSEEN | FRAGILE,
    Table = b"table": BLOCK | REGION | SCOPE,
    Tbody = b"tbody": BLOCK,
    Td = b"td": BLOCK | REGION | SCOPE,
    Template = b"template": UNSEEN,
    Textarea = b"textarea": UNSEEN,
    Tfoot = b"tfoot": BLOCK,
    Th = b"th": BLOCK | REGION | SCOPE,
    Thead = b"thead": BLOCK,
    Time = b"time": 0,
    Title = b"title": UNSEEN,
    Tr = b"tr": BLOCK,
    Track = b"track": VOID,
    U = b"u": LOOK,
    Ul = b"ul": BLOCK | REGION,
    Video = b"video": UNSEEN | FRAGILE,
    Wbr = b"wbr": VOID,
}

impl Tag {
    pub(super) const fn is(self, flags: u16) -> bool {
        self.flags() & flags != 0
    }

    pub(super) const fn heading(self) -> Option<u8> {
        match self {
            Self::H1 => Some(1),
            Self::H2 => Some(2),
            Self::H3 => Some(3),
            Self::H4 => Some(4),
            Self::H5 => Some(5),
            Self::H6 => Some(6),
            _ => None,
        }
    }

    /// Whether `self` may not stand directly inside an open `other`, whose end
    /// tag is then implied.
    pub(super) const fn ends(self, other: Self) -> bool {
        match other {
            Self::P => self.is(BLOCK),
            Self::Li => matches!(self, Self::Li),
            Self::Dd | Self::Dt => matches!(self, Self::Dd | Self::Dt),
            Self::Option => matches!(self, Self::Option),
            Self::Td | Self::Th => matches!(self, Self::Td | Self::Th | Self::Tr | Self::Tbody | Self::Tfoot),
            Self::Tr => matches!(self, Self::Tr | Self::Tbody | Self::Tfoot | Self::Thead),
            Self::Tbody | Self::Thead | Self::Tfoot => matches!(self, Self::Tbody | Self::Tfoot | Self::Thead),
            Self::A => matches!(self, Self::A),
            Self::Button => matches!(self, Self::Button),
            _ => other.heading().is_some() && self.heading().is_some(),
        }
    }

    /// Where the search for an implied end stops: a list for its items, a table
    /// for its cells.
    pub(super) const fn shelters(self, other: Self) -> bool {
        match other {
            Self::Li => matches!(self, Self::Ul | Self::Ol | Self::Menu) || self.is(SCOPE),
            Self::Dd | Self::Dt => matches!(self, Self::Dl) || self.is(SCOPE),
            Self::Td | Self::Th | Self::Tr | Self::Tbody | Self::Thead | Self::Tfoot => matches!(self, Self::Table),
            _ => self.is(SCOPE),
        }
    }
}
