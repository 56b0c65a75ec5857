//! A catalogue that is the same every time: brands, kinds, models, and words as rare as words are.
//!
//! Few words are in many products and most are in few: ranks are drawn so that the n-th word is
//! about n times rarer than the first. A product is a function of its number.

use domain::environment::Environment;
use domain::money::Usd;
use search::{Document, Retailer, Scope};
use serde_json::json;

pub const MERCHANT: u64 = 7_000_000;

const BRANDS: u64 = 5_000;
const VOCABULARY: u64 = 120_000;
const KINDS: [&str; 48] = [
    "Headphones",
    "Phone Case",
    "Charger",
    "USB-C Cable",
    "Laptop",
    "Backpack",
    "Coffee Maker",
    "Water Bottle",
    "Keyboard",
    "Mouse",
    "Monitor",
    "Desk Lamp",
    "Running Shoes",
    "T-Shirt",
    "Jacket",
    "Sunglasses",
    "Smart Watch",
    "Bluetooth Speaker",
    "Tablet",
    "Screen Protector",
    "Power Bank",
    "Webcam",
    "Microphone",
    "Router",
    "Hard Drive",
    "Memory Card",
    "Tripod",
    "Camera Lens",
    "Vacuum Cleaner",
    "Air Fryer",
    "Blender",
    "Toaster",
    "Knife Set",
    "Frying Pan",
    "Yoga Mat",
    "Dumbbells",
    "Bike Helmet",
    "Tent",
    "Sleeping Bag",
    "Board Game",
    "Puzzle",
    "Building Blocks",
    "Doll",
    "Face Cream",
    "Shampoo",
    "Toothbrush",
    "Dog Food",
    "Cat Litter",
];
const ADJECTIVES: [&str; 32] = [
    "Wireless",
    "Portable",
    "Premium",
    "Ultra",
    "Slim",
    "Heavy",
    "Duty",
    "Waterproof",
    "Foldable",
    "Adjustable",
    "Ergonomic",
    "Rechargeable",
    "Compact",
    "Stainless",
    "Steel",
    "Organic",
    "Cotton",
    "Leather",
    "Gaming",
    "Professional",
    "Kids",
    "Men",
    "Women",
    "Outdoor",
    "Indoor",
    "Magnetic",
    "Fast",
    "Noise",
    "Cancelling",
    "Digital",
    "Classic",
    "Mini",
];
const COLORS: [&str; 12] = [
    "Black", "White", "Red", "Blue", "Green", "Grey", "Pink", "Gold", "Silver", "Purple", "Beige",
    "Orange",
];
const CATEGORIES: [&str; 16] = [
    "Electronics",
    "Computers",
    "Phones",
    "Home",
    "Kitchen",
    "Sports",
    "Outdoors",
    "Toys",
    "Beauty",
    "Health",
    "Pets",
    "Clothing",
    "Shoes",
    "Office",
    "Garden",
    "Automotive",
];

pub fn scope(merchant: u64) -> Scope {
    Scope { merchant_id: merchant as i64, environment: Environment::Devnet }
}

/// Numbers that look drawn and are the same every time.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Dice {
        Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0xD1B5_4A32_D192_ED03)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ mixed >> 31
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }

    /// A rank below the bound, the n-th about n times rarer than the first.
    fn rank(&mut self, bound: u64) -> u64 {
        let drawn = (self.next() >> 11) as f64 / (1_u64 << 53) as f64;
        ((((bound + 1) as f64).ln() * drawn).exp() as u64).clamp(1, bound) - 1
    }

    fn one_of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.rank(words.len() as u64) as usize]
    }

    /// One letter left out, doubled, swapped or replaced.
    pub fn misspell(&mut self, word: &str) -> String {
        let mut letters: Vec<char> = word.chars().collect();
        let at = 1 + self.below(letters.len().max(3) as u64 - 2) as usize;
        if at + 1 < letters.len() {
            match self.below(4) {
                0 => drop(letters.remove(at)),
                1 => letters.insert(at, letters[at]),
                2 => letters.swap(at, at + 1),
                _ => letters[at] = if letters[at] == 'x' { 'z' } else { 'x' },
            }
        }
        letters.into_iter().collect()
    }
}

struct Product {
    id: String,
    title: String,
    description: String,
    brand: String,
    categories: Vec<String>,
    cents: i64,
    rating_hundredths: Option<i64>,
    reviews: i64,
    stock: i64,
}

/// What somebody types.
#[derive(Clone, Copy, Debug)]
pub enum Words {
    Exact,
    HalfTyped,
    Misspelt,
    TwoLetters,
    SmallMerchant,
    Browse,
}

impl Words {
    pub const ALL: [Words; 6] = [
        Words::Exact,
        Words::HalfTyped,
        Words::Misspelt,
        Words::TwoLetters,
        Words::SmallMerchant,
        Words::Browse,
    ];

    /// The mix of the bar.
    pub fn mixed(dice: &mut Dice) -> Words {
        match dice.below(100) {
            0..45 => Words::Exact,
            45..90 => Words::HalfTyped,
            _ => Words::Misspelt,
        }
    }

    /// Words of one among so many products of a merchant.
    pub fn text(
        self,
        catalogue: &Catalogue,
        (merchant, among): (u64, u64),
        dice: &mut Dice,
    ) -> String {
        let mut words = catalogue.words_of(merchant, dice.below(among), dice);
        match self {
            Words::Exact => words.join(" ") + " ",
            Words::HalfTyped => {
                let last = words.pop().unwrap_or_default();
                let kept = 2 + dice.below(last.len().max(3) as u64 - 2) as usize;
                words.push(last.chars().take(kept).collect());
                words.join(" ")
            }
            Words::Misspelt => {
                if let Some(longest) = words.iter_mut().max_by_key(|word| word.len()) {
                    *longest = dice.misspell(longest);
                }
                words.join(" ") + " "
            }
            Words::TwoLetters => words.concat().chars().take(2).collect(),
            Words::SmallMerchant => words.join(" "),
            Words::Browse => String::new(),
        }
    }
}

pub struct Catalogue {
    brands: Vec<String>,
    vocabulary: Vec<String>,
}

impl Catalogue {
    pub fn new() -> Catalogue {
        Catalogue {
            brands: (0..BRANDS).map(|number| capitalized(&spoken(number + VOCABULARY))).collect(),
            vocabulary: (0..VOCABULARY).map(spoken).collect(),
        }
    }

    fn word(&self, dice: &mut Dice) -> &str {
        &self.vocabulary[dice.rank(VOCABULARY) as usize]
    }

    fn brand_of(&self, dice: &mut Dice) -> &str {
        &self.brands[dice.rank(BRANDS) as usize]
    }

    fn title(&self, brand: &str, dice: &mut Dice) -> String {
        let letters = ["WH", "XR", "SM", "QC", "Pro", "GT", "MX", "Air"];
        let model = format!("{}-{}", dice.one_of(&letters), 10 + dice.below(9_990));
        let (kind, color) = (dice.one_of(&KINDS), dice.one_of(&COLORS));
        let (one, two) = (dice.one_of(&ADJECTIVES), dice.one_of(&ADJECTIVES));
        let (three, four) = (self.word(dice), self.word(dice));
        match dice.below(3) {
            0 => format!("{brand} {model} {one} {kind}, {color}"),
            1 => format!("{brand} {one} {two} {kind} with {three} {four} - {color}"),
            _ => format!("{one} {kind} {three} by {brand} ({model}), {two} {four}, {color}"),
        }
    }

    /// A product as the index keeps it.
    pub fn document(&self, merchant: u64, number: u64) -> Document {
        let product = self.product(merchant, number);
        let mut key = [0; 16];
        key[..8].copy_from_slice(&(0x0190_0000_0000_0000 + number).to_be_bytes());
        key[8..].copy_from_slice(&merchant.to_be_bytes());
        Document {
            key,
            scope: scope(merchant),
            product_id: product.id,
            retailer: Retailer::Other,
            title: product.title,
            description: product.description,
            brand: Some(product.brand),
            categories: product.categories,
            price: Usd(product.cents * 10_000),
            rating_hundredths: product.rating_hundredths,
            review_count: product.reviews,
            in_stock: product.stock > 0,
            updated_at_ms: 1_700_000_000_000 + number as i64,
        }
    }

    /// A product as a line of a merchant's file.
    pub fn line(&self, merchant: u64, number: u64) -> String {
        let product = self.product(merchant, number);
        let rating = product.rating_hundredths.map(|rating| rating as f64 / 100.0);
        let line = json!({
            "productId": product.id,
            "title": product.title,
            "description": product.description,
            "brand": product.brand,
            "categories": product.categories,
            "rating": rating,
            "reviewCount": product.reviews,
            "offers": [{ "price": product.cents as f64 / 100.0, "shipping": 1,
                "stock": product.stock }],
        });
        format!("{line}\n")
    }

    fn product(&self, merchant: u64, number: u64) -> Product {
        let mut dice = Dice::new(merchant << 32 ^ number);
        let brand = self.brand_of(&mut dice).to_owned();
        let title = self.title(&brand, &mut dice);
        let mut description = String::new();
        for _ in 0..25 {
            description.push_str(self.word(&mut dice));
            description.push(' ');
        }
        Product {
            id: format!("B{merchant:07X}{number:08X}"),
            title,
            description,
            brand,
            categories: (0..2).map(|_| dice.one_of(&CATEGORIES).to_owned()).collect(),
            cents: 99 + dice.rank(200_000) as i64,
            rating_hundredths: (dice.below(10) > 0).then(|| 250 + dice.below(251) as i64),
            reviews: dice.rank(50_000) as i64,
            stock: if dice.below(10) > 0 { 1_000_000 } else { 0 },
        }
    }

    /// One to four words of a product's title, in any order.
    fn words_of(&self, merchant: u64, number: u64, dice: &mut Dice) -> Vec<String> {
        let mut product = Dice::new(merchant << 32 ^ number);
        let brand = self.brand_of(&mut product).to_owned();
        let title = self.title(&brand, &mut product);
        let cleaned = title.replace(['(', ')', ',', '-'], " ");
        let mut words: Vec<String> = cleaned
            .split_whitespace()
            .map(str::to_lowercase)
            .filter(|word| word.len() > 2)
            .collect();
        let wanted = match dice.below(100) {
            0..20 => 1,
            20..65 => 2,
            65..90 => 3,
            _ => 4,
        };
        let mut chosen = Vec::new();
        while chosen.len() < wanted && !words.is_empty() {
            chosen.push(words.swap_remove(dice.below(words.len() as u64) as usize));
        }
        chosen
    }
}

/// A word one could say, different for each number.
fn spoken(number: u64) -> String {
    const SYLLABLES: [&str; 40] = [
        "ba", "be", "bo", "ca", "ce", "co", "da", "de", "do", "fa", "fi", "fo", "ga", "ge", "go",
        "la", "le", "li", "lo", "ma", "me", "mi", "mo", "na", "ne", "no", "pa", "pe", "po", "ra",
        "re", "ri", "ro", "sa", "se", "so", "ta", "te", "to", "vi",
    ];
    const ENDINGS: [&str; 10] = ["n", "r", "s", "l", "x", "m", "t", "k", "d", ""];
    let mut word = String::new();
    let mut left = number / 10;
    loop {
        word.push_str(SYLLABLES[(left % 40) as usize]);
        left /= 40;
        if left == 0 {
            break;
        }
    }
    word.push_str(if word.len() < 4 { "nic" } else { "" });
    word.push_str(ENDINGS[(number % 10) as usize]);
    word
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().collect::<String>() + letters.as_str()
    })
}
