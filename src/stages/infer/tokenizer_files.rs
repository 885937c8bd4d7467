//! The tokenizer of a checkpoint folder: its `tokenizer.json`, or one made from the vocabulary that older checkpoints have.

use std::path::{Path, PathBuf};

use tokenizers::Tokenizer;
use tokenizers::models::bpe::BPE;
use tokenizers::models::wordpiece::WordPiece;
use tokenizers::normalizers::BertNormalizer;
use tokenizers::pre_tokenizers::bert::BertPreTokenizer;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::processors::bert::BertProcessing;
use tokenizers::processors::roberta::RobertaProcessing;
use tokenizers::processors::template::TemplateProcessing;

use super::models::sha256_of;
use super::tokens::TextTokenizer;
use crate::error::{Error, Result};

/// What `tokenizer_config.json` states as the longest input, if that is a length and not "no limit".
pub(super) fn max_length(folder: &Path) -> Option<usize> {
    let stated = settings(folder)["model_max_length"].as_f64()?;
    (1.0..1e6).contains(&stated).then_some(stated as usize)
}

/// The tokenizer of a folder.
///
/// # Errors
/// No tokenizer file that we can read, or a vocabulary without the special tokens of its architecture.
pub(super) fn tokenizer(folder: &Path, model_type: &str, max_tokens: usize) -> Result<TextTokenizer> {
    let ready = folder.join("tokenizer.json");
    if ready.is_file() {
        return TextTokenizer::load(&ready, max_tokens);
    }
    let file = |name: &str| Some(folder.join(name)).filter(|path| path.is_file());
    let made = match (file("vocab.txt"), file("vocab.json"), file("merges.txt")) {
        (Some(vocabulary), ..) if ["bert", "distilbert"].contains(&model_type) => word_pieces(folder, &vocabulary),
        (_, Some(vocabulary), Some(merges)) if model_type == "roberta" => roberta(folder, &vocabulary, &merges),
        (_, Some(vocabulary), Some(merges)) if model_type == "deberta" => deberta(folder, &vocabulary, &merges),
        _ => Err(format!(
            "has no tokenizer.json, nor the vocabulary files from which the tokenizer of a {model_type} could be made (vocab.txt \
             for bert and distilbert, vocab.json and merges.txt for roberta and deberta); AutoTokenizer of the transformers \
             library saves one: AutoTokenizer.from_pretrained(FOLDER).save_pretrained(FOLDER)"
        )),
    };
    let fail = |reason: String| Error::Model { path: folder.to_owned(), reason };
    TextTokenizer::new(made.map_err(fail)?, max_tokens).map_err(fail)
}

/// Of all files that the tokenizer is made from.
pub(super) fn sha256(folder: &Path) -> Result<String> {
    let names = ["tokenizer.json", "tokenizer_config.json", "vocab.txt", "vocab.json", "merges.txt"];
    let files = names.iter().map(|name| folder.join(name)).filter(|path| path.is_file());
    Ok(files.map(|path| sha256_of(&path)).collect::<Result<Vec<_>>>()?.join(" "))
}

/// `tokenizer_config.json`, or null.
fn settings(folder: &Path) -> serde_json::Value {
    let text = std::fs::read_to_string(folder.join("tokenizer_config.json")).unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_default()
}

/// The id of a special token of the vocabulary.
fn special(tokenizer: &Tokenizer, token: &str) -> Result<(String, u32), String> {
    let id = tokenizer.token_to_id(token).ok_or_else(|| format!("the vocabulary has no {token}"))?;
    Ok((token.to_owned(), id))
}

fn word_pieces(folder: &Path, vocabulary: &Path) -> Result<Tokenizer, String> {
    let settings = settings(folder);
    let flag = |name: &str, default: bool| settings[name].as_bool().unwrap_or(default);
    let model = WordPiece::from_file(&text(vocabulary)?).unk_token("[UNK]".into()).build();
    let mut tokenizer = Tokenizer::new(model.map_err(|error| error.to_string())?);
    tokenizer.with_normalizer(Some(BertNormalizer::new(
        true,
        flag("tokenize_chinese_chars", true),
        settings["strip_accents"].as_bool(),
        flag("do_lower_case", true),
    )));
    tokenizer.with_pre_tokenizer(Some(BertPreTokenizer));
    let (separator, class) = (special(&tokenizer, "[SEP]")?, special(&tokenizer, "[CLS]")?);
    tokenizer.with_post_processor(Some(BertProcessing::new(separator, class)));
    Ok(tokenizer)
}

fn byte_pairs(folder: &Path, vocabulary: &Path, merges: &Path) -> Result<Tokenizer, String> {
    let model = BPE::from_file(&text(vocabulary)?, &text(merges)?).build().map_err(|error| error.to_string())?;
    let mut tokenizer = Tokenizer::new(model);
    let prefix = settings(folder)["add_prefix_space"].as_bool().unwrap_or(false);
    tokenizer.with_pre_tokenizer(Some(ByteLevel::default().add_prefix_space(prefix)));
    Ok(tokenizer)
}

fn roberta(folder: &Path, vocabulary: &Path, merges: &Path) -> Result<Tokenizer, String> {
    let mut tokenizer = byte_pairs(folder, vocabulary, merges)?;
    let (separator, class) = (special(&tokenizer, "</s>")?, special(&tokenizer, "<s>")?);
    tokenizer.with_post_processor(Some(RobertaProcessing::new(separator, class).trim_offsets(true)));
    Ok(tokenizer)
}

fn deberta(folder: &Path, vocabulary: &Path, merges: &Path) -> Result<Tokenizer, String> {
    let mut tokenizer = byte_pairs(folder, vocabulary, merges)?;
    let processor = TemplateProcessing::builder()
        .try_single("[CLS]:0 $A:0 [SEP]:0")
        .and_then(|template| template.try_pair("[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1"))
        .map_err(|error| error.to_string())?
        .special_tokens(vec![special(&tokenizer, "[CLS]")?, special(&tokenizer, "[SEP]")?])
        .build();
    tokenizer.with_post_processor(Some(processor.map_err(|error| error.to_string())?));
    Ok(tokenizer)
}

fn text(path: &Path) -> Result<String, String> {
    Ok(PathBuf::from(path).to_str().ok_or("its path is not Unicode")?.to_owned())
}
